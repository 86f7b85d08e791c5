import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  FORMAT_VERSION,
  limitsSchema,
  sweepManifestSchema,
  trialConfigFileSchema,
  trialResultSchema,
  type SweepManifest,
  type TrialResult,
} from '../records/index.js';
import { groupHash, trialHash } from '../spec/identity.js';
import type { JsonObject, SweepPlan, TrialPlan } from '../spec/index.js';
import { linkExclusively, makeFolder, readJson, readText, removeFile, writeJson } from './files.js';
import { guardStore, StoreError } from './store-error.js';

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
  private constructor(readonly folder: string) {}

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
    const before = store.tryManifest();
    for (const trial of plan.trials) store.recordConfig(trial);
    const now = Date.now();
    const manifest: SweepManifest = {
      formatVersion: FORMAT_VERSION,
      name: plan.name,
      ...(plan.spec.description === undefined ? {} : { description: plan.spec.description }),
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      limits: limitsSchema.parse(plan.spec.limits ?? {}),
      trials: plan.trials.map(({ hash, group, arm, axes, seed }) => ({ hash, group, arm, axes, seed })),
    };
    writeJson(join(folder, 'sweep.json'), manifest);
    return store;
  }

  /** @throws StoreError if there is no sweep in the folder. */
  static open(folder: string): SweepStore {
    const store = new SweepStore(folder);
    store.manifest();
    return store;
  }

  manifest(): SweepManifest {
    const manifest = this.tryManifest();
    if (!manifest) throw new StoreError(`${this.folder}: holds no sweep: there is no sweep.json in it`);
    return manifest;
  }

  private tryManifest(): SweepManifest | undefined {
    return readJson(join(this.folder, 'sweep.json'), sweepManifestSchema);
  }

  trialFolder(hash: string): string {
    return join(this.folder, 'trials', hash.slice(0, 16));
  }

  /** The trial's resolved config. @throws StoreError if it was edited: results under this name would be another trial's. */
  config(hash: string): JsonObject {
    const file = join(this.trialFolder(hash), 'config.json');
    const stored = readJson(file, trialConfigFileSchema);
    if (!stored) throw new StoreError(`${file}: is missing; run the sweep again to restore it`);
    const actual = trialHash(stored.config);
    if (actual !== hash || stored.hash !== hash || stored.group !== groupHash(stored.config)) {
      throw new StoreError(
        `${file}: was edited: it is no longer trial ${hash.slice(0, 16)} (now ${actual.slice(0, 16)}); undo the edit, or move the folder away and run the sweep again`,
      );
    }
    return stored.config;
  }

  private recordConfig(trial: TrialPlan): void {
    const folder = this.trialFolder(trial.hash);
    const file = join(folder, 'config.json');
    const { hash, group, config } = trial;
    // A file that a crash of the machine left torn is written again; one that was edited is refused.
    if (isJson(readText(file)) && JSON.stringify(this.config(hash)) === JSON.stringify(config)) return;
    makeFolder(join(folder, 'attempts'));
    writeJson(file, { formatVersion: FORMAT_VERSION, hash, group, config }, false);
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
   * Publishes an attempt's result, which must lie in its folder. The first wins.
   *
   * @returns false if another attempt had been published.
   */
  publish(hash: string, attempt: string): boolean {
    const folder = this.trialFolder(hash);
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

function isJson(text: string | undefined): boolean {
  try {
    return text !== undefined && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}
