import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const run = (program: string, ...args: readonly string[]): void =>
  void execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** A file system of the test's own in a file, whose content at any moment is what a cut of the power would leave. */
export class LoopDisk {
  private readonly root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gmoe-disk-'));
  private readonly image = join(this.root, 'image');
  private mounted: string[] = [];
  private cuts = 0;
  readonly folder: string;

  /** @throws if mounting is not permitted here */
  constructor(
    private readonly type: 'ext4' | 'xfs' | 'btrfs' = 'ext4',
    megabytes = 24,
  ) {
    writeFileSync(this.image, '');
    truncateSync(this.image, megabytes * 2 ** 20);
    run(`mkfs.${type}`, '-q', this.image);
    this.folder = this.mount(this.image, 'disk');
  }

  private mount(image: string, name: string): string {
    const folder = join(this.root, name);
    mkdirSync(folder, { recursive: true });
    // The journal is written when something asks for it, not by the clock.
    run('mount', '-o', this.type === 'ext4' ? 'loop,commit=900' : 'loop', image, folder);
    this.mounted.push(folder);
    return folder;
  }

  /** Cuts the power: the disk as it is now, mounted anew. Call `forget` when it has been looked at. */
  cut(): string {
    const copy = join(this.root, `cut-${++this.cuts}.image`);
    copyFileSync(this.image, copy);
    return this.mount(copy, `cut-${this.cuts}`);
  }

  forget(folder: string): void {
    run('umount', '-l', folder);
    this.mounted = this.mounted.filter((one) => one !== folder);
    rmSync(`${folder}.image`, { force: true });
  }

  close(): void {
    for (const folder of this.mounted) run('umount', '-l', folder);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A worker that can be held still while the power is cut. */
export function startWorkerOn(worker: string, store: string, stepMs: number): ChildProcess {
  return spawn(process.execPath, [worker, store, String(stepMs)], { stdio: 'ignore' });
}
