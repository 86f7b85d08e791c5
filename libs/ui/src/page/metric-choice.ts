import { choice, element } from '@gmoe/report/page';
import { firstMetric } from './trial-curves.js';

/** A list of the metrics that there are, made anew only when they change, so that it can stay open. */
export class MetricChoice {
  readonly node = element('span');
  value = '';
  private names = '';

  constructor(private readonly onChange: () => void) {}

  offer(names: readonly string[]): void {
    if (names.length === 0 || names.join() === this.names) return;
    this.names = names.join();
    this.value = firstMetric(names, this.value);
    this.node.replaceChildren(
      choice(
        'Metric',
        names.map((name) => [name, name] as const),
        this.value,
        (value) => {
          this.value = value;
          this.onChange();
        },
      ),
    );
  }
}
