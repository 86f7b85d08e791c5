import { existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoName, stableHash, syncFile, syncFolder, syncTree } from '@gmoe/core';
import {
  FORMAT_VERSION,
  limitsSchema,
  trialConfigFileSchema,
  trialResultSchema,
  type SweepManifest,
  type TrialResult,
} from '../records/index.js';
import type { JsonObject, SweepPlan, TrialPlan } from '../spec/index.js';
import { differenceOf } from './file-manifest.js';
import { linkExclusively, makeFolder, makeFolderIn, readJson, readText, removeFile, writeJson } from './files.js';
import { ManifestFile } from './manifest-file.js';
import { guardStore, StoreError } from './store-error.js';
import { checkUnedited, isJson } from './trial-config-file.js';

/**
 * The folder of one sweep, safe to share between processes and machines. Folders are the truth; there is no index.
 *
 * ```
 * sweep.json                     what the sweep consists of
 * trials/<hash16>/config.json    resolved config and identity
 *                 claim.json     who works on it
 *                 attempts/<id>/ what one attempt wrote
 *                 result.json    the published result: a second name of one attempt's
 * ```
 */
export class SweepStore {
  private readonly manifestFile: ManifestFile;

  private constructor(readonly folder: string) {
    this.manifestFile = new ManifestFile(folder);
  }

  /**
   * Opens the sweep's folder, or makes it, and records the plan. What is finished stays, also if the plan no longer
   * holds it.
   *
   * @throws StoreError if the folder cannot be written, or a stored config does not fit its identity.
   */
  static create(folder: string, plan: SweepPlan): SweepStore {
    const store = new SweepStore(folder);
    makeFolder(join(folder, 'trials'));
    store.checkLinks();
    const before = store.manifestFile.read();
    for (const trial of plan.trials) store.recordConfig(trial);
    const now = Date.now();
    const manifest: SweepManifest = {
      formatVersion: FORMAT_VERSION,
      name: plan.name,
      ...(plan.spec.description === undefined ? {} : { description: plan.spec.description }),
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      limits: limitsSchema.parse(plan.spec.limits ?? {}),
      ...(plan.spec.stopping ? { stopping: plan.spec.stopping } : {}),
      trials: plan.trials.map(({ hash, group, arm, axes, seed }) => ({ hash, group, arm, axes, seed })),
    };
    guardStore(folder, () => syncFolder(join(folder, 'trials')));
    store.manifestFile.record(manifest);
    return store;
  }

  /** @throws StoreError if there is no sweep in the folder. */
  static open(folder: string): SweepStore {
    const store = new SweepStore(folder);
    store.manifest();
    return store;
  }

  /** The sweep of a folder; undefined where there is none yet. @throws MachineError if that cannot be told */
  static openIfThere(folder: string): SweepStore | undefined {
    const store = new SweepStore(folder);
    return store.manifestFile.read() === undefined ? undefined : store;
  }

  manifest(): SweepManifest {
    return this.manifestFile.manifest();
  }

  /** @throws MachineError if the whole store is away: unmounted, or moved. Then nothing in it tells anything. */
  mustBeThere(): void {
    this.manifestFile.mustBeThere();
  }

  trialFolder(hash: string): string {
    return join(this.folder, 'trials', hash.slice(0, 16));
  }

  /** The trial's resolved config. @throws StoreError if it was edited: results under this name would be another trial's. */
  config(hash: string): JsonObject {
    const file = join(this.trialFolder(hash), 'config.json');
    const stored = readJson(file, trialConfigFileSchema);
    if (!stored) this.mustBeThere();
    if (!stored) throw new StoreError(`${file}: is missing; run the sweep again to restore it`);
    checkUnedited(file, hash, stored);
    return stored.config;
  }

  /** sha256 of what the trial's paths held when it was planned, by section of the config. */
  contents(hash: string): Readonly<Record<string, string>> {
    const stored = readJson(join(this.trialFolder(hash), 'config.json'), trialConfigFileSchema);
    return (stored?.identity?.['contents'] ?? {}) as Readonly<Record<string, string>>;
  }

  private recordConfig(trial: TrialPlan): void {
    const folder = this.trialFolder(trial.hash);
    const file = join(folder, 'config.json');
    const { hash, group, config, identity } = trial;
    // A file that a crash of the machine left torn is written again; one that was edited is refused.
    if (isJson(readText(file)) && JSON.stringify(this.config(hash)) === JSON.stringify(config)) return;
    makeFolderIn(this.folder, 'trials', hash.slice(0, 16), 'attempts');
    const configDigest = stableHash(config);
    writeJson(file, { formatVersion: FORMAT_VERSION, hash, group, config, configDigest, identity }, { durably: false });
  }

  /** The published result. @throws StoreError if it is damaged or belongs to another trial. */
  result(hash: string): TrialResult | undefined {
    const file = join(this.trialFolder(hash), 'result.json');
    const result = readJson(file, trialResultSchema);
    if (result && result.hash !== hash) {
      throw new StoreError(`${file}: belongs to another trial (${result.hash.slice(0, 16)}); restore or remove it`);
    }
    return result;
  }

  /**
   * What is wrong with the files that a published result stands for, e.g. after a cut of the power; undefined if they are those
   * that were published.
   *
   * @param every whether to read all of them; else those that were changed since they were published
   */
  damage(hash: string, result: TrialResult, every = false): string | undefined {
    if (!result.files) return undefined;
    const folder = join(this.trialFolder(hash), 'attempts', result.attempt);
    const { files } = result;
    return guardStore(folder, () => {
      const published = statSync(join(this.trialFolder(hash), 'result.json')).mtimeMs;
      const difference = differenceOf(folder, files, published, every);
      return difference === undefined ? undefined : `${folder}: is not what was published: ${difference}`;
    });
  }

  /** The published result if it can be read: for those who count results, and leave damage to be told by others. */
  readableResult(hash: string): TrialResult | undefined {
    try {
      return this.result(hash);
    } catch {
      return undefined;
    }
  }

  /** Whether something is published, without reading it. */
  isPublished(hash: string): boolean {
    return existsSync(join(this.trialFolder(hash), 'result.json'));
  }

  /**
   * Publishes an attempt's result, which must lie in its folder. The first wins. All that the attempt left is on the disk
   * before the result gets its name, so that no cut of the power leaves a published trial without its data.
   *
   * @returns false if another attempt had been published.
   */
  publish(hash: string, attempt: string): boolean {
    const folder = this.trialFolder(hash);
    guardStore(folder, () => {
      syncTree(join(folder, 'attempts', attempt));
      syncFile(join(folder, 'config.json'));
      syncFolder(join(folder, 'attempts'));
      syncFolder(folder);
      syncFolder(join(this.folder, 'trials'));
    });
    return linkExclusively(join(folder, 'attempts', attempt, 'result.json'), join(folder, 'result.json'));
  }

  /** Ids of a trial's attempts, first to last. */
  attempts(hash: string): string[] {
    const folder = join(this.trialFolder(hash), 'attempts');
    return guardStore(folder, () => (existsSync(folder) ? readdirSync(folder).sort() : []));
  }

  /** Folder of the attempt whose result is published: events, predictions and adapter are there. */
  publishedFolder(hash: string): string | undefined {
    const result = this.result(hash);
    return result && join(this.trialFolder(hash), 'attempts', result.attempt);
  }

  /**
   * Makes a trial run again. Its published result loses its name only: it stays in its attempt's folder. Earlier
   * attempts no longer count against the retries; a rerun from the start ignores their checkpoints too.
   */
  reopen(hash: string, from: 'start' | 'checkpoint'): void {
    const folder = this.trialFolder(hash);
    const reopened = { attempts: this.attempts(hash).length, from };
    writeJson(join(folder, 'reopened.json'), reopened);
    guardStore(folder, () => removeFile(join(folder, 'result.json')));
    guardStore(folder, () => syncFolder(folder));
  }

  /**
   * Takes back a result whose files are damaged, so that the trial runs again from the start. If another process has done so,
   * and perhaps published a new one, nothing changes.
   */
  withdraw(hash: string, attempt: string): void {
    const folder = this.trialFolder(hash);
    const name = join(folder, 'result.json');
    const moved = join(folder, 'attempts', attempt, '.withdrawn.json');
    if (this.readableResult(hash)?.attempt !== attempt) return;
    writeJson(join(folder, 'reopened.json'), { attempts: this.attempts(hash).length, from: 'start' });
    guardStore(folder, () => {
      try {
        renameSync(name, moved);
      } catch (error) {
        if (errnoName(error) === 'ENOENT') return;
        throw error;
      }
      if (readJson(moved, trialResultSchema)?.attempt !== attempt) linkExclusively(moved, name);
      syncFolder(folder);
    });
  }

  /** Publishing needs hard links; better to know before the first trial than after it. */
  private checkLinks(): void {
    const probe = join(this.folder, `.probe-${process.pid}`);
    guardStore(this.folder, () => {
      removeFile(`${probe}-link`);
      writeFileSync(probe, '');
      try {
        linkExclusively(probe, `${probe}-link`);
      } finally {
        removeFile(probe);
        removeFile(`${probe}-link`);
      }
    });
  }

  /** Text of a file below the sweep's folder. */
  text(...path: string[]): string | undefined {
    return readText(join(this.folder, ...path));
  }
}
