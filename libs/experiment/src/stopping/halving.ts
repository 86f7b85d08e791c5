/** One arm at one rung: not there yet, or its score, higher is better; -Infinity for one that failed. */
export type Score = number | undefined;

/** What successive halving has decided so far about each arm, by index in the order of the plan. */
export interface Halving {
  /** Index of the rung that each arm runs to; the number of rungs means to the end. */
  readonly targets: readonly number[];
  /** Arms that were compared at a rung and go no further, with their rank (1 is best) there. */
  readonly stopped: readonly {
    readonly arm: number;
    readonly rung: number;
    readonly rank: number;
    readonly compared: number;
  }[];
}

/**
 * Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2) whose
 * decisions are a function of the scores alone. The algorithm lets arms in at a rung as they arrive, so that the speed of
 * machines, a kill or a restart changes who goes on. Here they arrive in the order of the plan at the first rung, and at the
 * next ones in the order in which they were let through; an arm that is late holds up the decisions about those behind it, not their
 * computation. At each arrival the best ⌊n / eta⌋ of the n arms there go on.
 *
 * Differs from the algorithm besides: if all arms of a rung are there and none went on, the best one does.
 *
 * @param score of an arm at a rung
 */
export function halve(arms: number, rungs: number, eta: number, score: (arm: number, rung: number) => Score): Halving {
  const targets = Array.from({ length: arms }, () => 0);
  const stopped: { arm: number; rung: number; rank: number; compared: number }[] = [];
  let arriving = Array.from({ length: arms }, (_, arm) => arm);
  // Whether all that will ever come to the rung has been let through to it.
  let closed = true;
  for (let rung = 0; rung < rungs && arriving.length > 0; rung++) {
    const there: { readonly arm: number; readonly score: number }[] = [];
    const through: number[] = [];
    for (const arm of arriving) {
      const own = score(arm, rung);
      if (own === undefined) {
        closed = false;
        break;
      }
      insert(there, { arm, score: own });
      for (const best of there.slice(0, Math.floor(there.length / eta))) {
        if (best.score > -Infinity && !through.includes(best.arm)) through.push(best.arm);
      }
    }
    if (closed && through.length === 0 && there[0]!.score > -Infinity) through.push(there[0]!.arm);
    for (const arm of through) targets[arm] = rung + 1;
    if (closed) {
      there.forEach(({ arm }, index) => {
        if (!through.includes(arm)) stopped.push({ arm, rung, rank: index + 1, compared: there.length });
      });
    }
    arriving = through;
  }
  return { targets, stopped };
}

/** Keeps the best first; of equals the one that came first. */
function insert(
  ranked: { readonly arm: number; readonly score: number }[],
  next: { readonly arm: number; readonly score: number },
): void {
  const at = ranked.findIndex((other) => other.score < next.score);
  ranked.splice(at < 0 ? ranked.length : at, 0, next);
}
