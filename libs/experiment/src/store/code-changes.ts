import type { TrialCode } from '../records/index.js';
import type { SweepStore } from './sweep-store.js';

/** A component whose code is no longer what made finished trials. */
export interface CodeChange {
  readonly kind: string;
  readonly id: string;
  readonly source: string;
  /** Finished trials that its former code made. */
  readonly trials: number;
  /** Their arms. */
  readonly arms: readonly string[];
}

export interface CodeChanges {
  readonly components: readonly CodeChange[];
  /** Finished trials that another build of the framework made. */
  readonly otherBuild: number;
}

/**
 * Compares the code that made the sweep's finished trials with the present one. Trials of earlier versions, which recorded
 * no code, count as made by another build.
 *
 * @param present digest of a component's present code; undefined where it is not known
 */
export function codeChanges(
  store: SweepStore,
  framework: TrialCode['framework'],
  present: (kind: string, id: string) => string | undefined,
): CodeChanges {
  const changed = new Map<string, { kind: string; id: string; source: string; trials: number; arms: Set<string> }>();
  let otherBuild = 0;
  for (const { hash, arm } of store.manifest().trials) {
    const result = store.readableResult(hash);
    if (result?.status !== 'finished') continue;
    const { code } = result;
    if (framework.digest !== undefined && code?.framework.digest !== framework.digest) otherBuild++;
    for (const { kind, id, source, digest } of code?.components ?? []) {
      const now = present(kind, id);
      if (digest === undefined || now === undefined || digest === now) continue;
      const entry = changed.get(`${kind} ${id}`) ?? { kind, id, source, trials: 0, arms: new Set<string>() };
      entry.trials++;
      entry.arms.add(arm);
      changed.set(`${kind} ${id}`, entry);
    }
  }
  return { components: [...changed.values()].map((entry) => ({ ...entry, arms: [...entry.arms] })), otherBuild };
}
