/** Whether larger or smaller is better. */
export type Direction = 'max' | 'min';

/**
 * Remembers the last and the best value of metrics, because MLflow's table shows the last one only. NaN never is best.
 */
export class BestMetrics {
  readonly #last = new Map<string, number>();
  readonly #best = new Map<string, { value: number; step: number }>();

  /** @param directions which metrics to follow, e.g. `{ 'eval/accuracy': 'max', 'eval/loss': 'min' }` */
  constructor(private readonly directions: Readonly<Record<string, Direction>>) {}

  observe(step: number, metrics: Readonly<Record<string, number>>): void {
    for (const [name, direction] of Object.entries(this.directions)) {
      const value = metrics[name];
      if (value === undefined) continue;
      this.#last.set(name, value);
      const best = this.#best.get(name);
      const better = !best || (direction === 'max' ? value > best.value : value < best.value);
      if (better && !Number.isNaN(value)) this.#best.set(name, { value, step });
    }
  }

  /** `final/NAME`, `best/NAME` and `best/NAME_step` of all that were observed. */
  metrics(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const [name, value] of this.#last) all[`final/${name}`] = value;
    for (const [name, { value, step }] of this.#best) {
      all[`best/${name}`] = value;
      all[`best/${name}_step`] = step;
    }
    return all;
  }
}
