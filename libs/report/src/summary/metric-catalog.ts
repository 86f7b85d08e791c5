/** How a number is shown. `percent`: stored as a share of 1. */
export type Unit = 'percent' | 'nats' | 'share' | 'seconds' | 'count' | 'per-second' | 'plain';

/** What the report knows of a metric: where a trial keeps it, what it means, which way is better. */
export interface MetricDefinition {
  readonly id: string;
  readonly label: string;
  readonly unit: Unit;
  readonly better: 'higher' | 'lower' | 'neither';
  /** Names under which a result may hold it, the first that is there counts. */
  readonly names: readonly string[];
  readonly definition: string;
}

/** `name` of the finished trial, however the runner filed it. */
function atTheEnd(name: string): string[] {
  return [`final/${name}`, `final/${name.replace(/^eval\//, '')}`, name];
}

export const METRICS: readonly MetricDefinition[] = [
  {
    id: 'accuracy',
    label: 'Accuracy',
    unit: 'percent',
    better: 'higher',
    names: atTheEnd('eval/accuracy'),
    definition:
      'Share of test examples for which the option with the highest score is the right one. Scored once, with the tensors of the last step, or with the best on the dev split where training evaluated it.',
  },
  {
    id: 'loss',
    label: 'Test loss',
    unit: 'nats',
    better: 'lower',
    names: atTheEnd('eval/loss'),
    definition: 'Mean negative log-probability of the right answer on the test set; no auxiliary losses.',
  },
  {
    id: 'macroF1',
    label: 'Macro F1',
    unit: 'percent',
    better: 'higher',
    names: atTheEnd('eval/macro_f1'),
    definition: 'Mean over classes of the harmonic mean of precision and recall; every class counts the same.',
  },
  {
    id: 'ece',
    label: 'Calibration error',
    unit: 'percent',
    better: 'lower',
    names: atTheEnd('eval/ece'),
    definition:
      'Expected calibration error: mean distance between confidence and accuracy over bins of confidence (`calibrationBins`, 15).',
  },
  {
    id: 'entropy',
    label: 'Load entropy',
    unit: 'share',
    better: 'neither',
    names: atTheEnd('routing/entropy'),
    definition:
      'exp(H) / E of the experts’ shares of a layer’s assignments (one for each expert of a token), mean over layers: 1 if all experts carry the same, 1/E if one carries all.',
  },
  {
    id: 'maxShare',
    label: 'Max share',
    unit: 'percent',
    better: 'neither',
    names: atTheEnd('routing/max_share'),
    definition:
      'Largest share of a layer’s assignments that any expert of any layer carries, mean over seeds; 1/E if balanced, 1/K if all tokens use the same K experts.',
  },
  {
    id: 'tokensPerSecond',
    label: 'Throughput',
    unit: 'per-second',
    better: 'higher',
    names: atTheEnd('train/tokens_per_second'),
    definition:
      'Training tokens per second of one trial, median over its steps; depends on the machine and what else ran.',
  },
  {
    id: 'trainableParameters',
    label: 'Trainable parameters',
    unit: 'count',
    better: 'lower',
    names: atTheEnd('model/trainable_parameters'),
    definition: 'Numbers that training changes: adapters, experts and router.',
  },
  {
    id: 'seconds',
    label: 'Time per trial',
    unit: 'seconds',
    better: 'lower',
    names: [],
    definition: 'Wall-clock time of a trial from start to published result, training and evaluation.',
  },
];

/** A metric by its id or by any name that a result may hold; an unknown name is taken as it is. */
export function metricDefinition(name: string): MetricDefinition {
  return (
    METRICS.find((metric) => metric.id === name || metric.names.includes(name)) ?? {
      id: name,
      label: name,
      unit: 'plain',
      better: /loss|error|ece|seconds/.test(name) ? 'lower' : 'higher',
      names: [name],
      definition: `${name}, as the trial reported it.`,
    }
  );
}
