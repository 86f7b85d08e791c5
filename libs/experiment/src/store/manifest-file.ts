import { statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoName } from '@gmoe/core';
import { sweepManifestSchema, type SweepManifest } from '../records/index.js';
import { joinDrivers, type Driver } from './drivers.js';
import { readJson, writeJson } from './files.js';
import { guardStore, MachineError, StoreError } from './store-error.js';

/** `sweep.json` of a sweep's folder: what the sweep consists of. */
export class ManifestFile {
  /** What this process planned: another sweep that is started in the folder meanwhile does not change it. */
  private own: SweepManifest | undefined;
  private parsed: { readonly version: string; readonly manifest: SweepManifest } | undefined;
  private readonly file: string;

  constructor(private readonly folder: string) {
    this.file = join(folder, 'sweep.json');
  }

  /** @throws StoreError if there is no sweep in the folder. */
  manifest(): SweepManifest {
    const manifest = this.own ?? this.read();
    if (!manifest && this.parsed) this.mustBeThere();
    if (!manifest) throw new StoreError(`${this.folder}: holds no sweep: there is no sweep.json in it`);
    return manifest;
  }

  /** What the folder's sweep consists of, parsed once for each version of the file. */
  read(): SweepManifest | undefined {
    const version = versionOf(this.file);
    if (version === undefined || !this.parsed || version !== this.parsed.version) {
      const manifest = readJson(this.file, sweepManifestSchema);
      if (manifest && version !== undefined) this.parsed = { version, manifest };
      return manifest;
    }
    return this.parsed.manifest;
  }

  /**
   * Writes what this process planned. Where other sweeps are under way in the folder the file holds their trials too, so that
   * no arm is lost from the reports; each of them goes on with its own plan.
   */
  record(manifest: SweepManifest): void {
    this.own = manifest;
    const own: Driver = { trials: manifest.trials };
    let written = -1;
    // Two that start at once see one another at the latest after both have written.
    for (
      let others = joinDrivers(this.folder, own);
      others.length !== written;
      others = joinDrivers(this.folder, own)
    ) {
      const known = new Set(manifest.trials.map((trial) => trial.hash));
      const beside = others
        .flatMap((other) => other.trials)
        .filter((trial) => !known.has(trial.hash) && known.add(trial.hash));
      writeJson(this.file, { ...manifest, trials: [...manifest.trials, ...beside] });
      written = others.length;
    }
  }

  /** @throws MachineError if the whole store is away: unmounted, or moved. Then nothing in it tells anything. */
  mustBeThere(): void {
    if (versionOf(this.file) === undefined) {
      throw new MachineError(`${this.folder}: the sweep's folder is not there (ENOENT)`, 'missing', this.folder);
    }
  }
}

/** Changes whenever a file is replaced or written; undefined if there is none. */
function versionOf(file: string): string | undefined {
  return guardStore(file, () => {
    try {
      const { ino, size, mtimeNs } = statSync(file, { bigint: true });
      return `${ino}/${size}/${mtimeNs}`;
    } catch (error) {
      const name = errnoName(error);
      if (name === 'ENOENT' || name === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}
