import { largest } from '@gmoe/core';
import { holm, mean, pairedTTest, sampleStd, tInterval, type SweepResults, type TrialRecord } from '@gmoe/report';

/** The pairs of arms that the study tests in each task (docs/study.md): first against second. */
const HYPOTHESES = [
  ['gmoe', 'mixlora'],
  ['gmoe', 'gmoe-no-graph'],
  ['gmoe', 'lora-equal'],
  ['graph-quantile', 'gmoe'],
] as const;

/** Results of an arm, seed by seed. */
interface Arm {
  readonly name: string;
  /** Seeds that were planned. */
  readonly planned: number;
  readonly finished: readonly Finished[];
}
type Finished = TrialRecord & { readonly result: NonNullable<TrialRecord['result']> };

function armsOf({ trials }: SweepResults): Arm[] {
  const names = [...new Set(trials.map(({ trial }) => trial.arm))];
  return names.map((name) => {
    const own = trials.filter(({ trial }) => trial.arm === name);
    return { name, planned: own.length, finished: own.filter((each): each is Finished => each.state === 'finished') };
  });
}

const metric = (trial: Finished, name: string): number => trial.result.metrics[name] ?? Number.NaN;
const values = ({ finished }: Arm, name: string): number[] => finished.map((trial) => metric(trial, name));
const meanOf = (numbers: readonly number[]): number => (numbers.length > 0 ? mean(numbers) : Number.NaN);
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const shown = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '');
const percent = (value: number, digits = 1): string => shown(100 * value, digits);

/** `mean ± std` of shares, in percent; the mean alone for one seed. */
function spread(shares: readonly number[]): string {
  if (shares.length === 0) return '';
  return shares.length > 1 ? `${percent(mean(shares))} ± ${percent(sampleStd(shares))}` : percent(shares[0]!);
}

/** How evenly a trial's layers load their experts, and how much goes to each layer's commonest pair; means and medians over layers. */
function routingOf(trial: Finished) {
  const layers = trial.routing?.layers ?? [];
  const evenness = layers.map(({ selected }) => {
    const total = selected.reduce((sum, count) => sum + count, 0);
    const entropy = selected.reduce(
      (sum, count) => (count > 0 ? sum - (count / total) * Math.log(count / total) : sum),
      0,
    );
    return Math.exp(entropy) / selected.length;
  });
  const pairs = layers.map(
    ({ together }) =>
      largest(
        together.flatMap((row, i) => row.filter((_, j) => j > i)),
        0,
      ) / (trial.routing?.tokens ?? 1),
  );
  const dead = layers.map(({ selected }) => selected.filter((count) => count === 0).length / selected.length);
  return { evenness: meanOf(evenness), commonestPair: median(pairs), dead: meanOf(dead) };
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, header.map(() => '---'), ...rows];
  return all.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** What each arm reached, how it routed and what it cost. */
export function armTable(results: SweepResults): string {
  const rows = armsOf(results).map((arm) => {
    const routed = arm.finished.filter(({ routing }) => (routing?.layers.length ?? 0) > 0).map(routingOf);
    const accuracy = values(arm, 'eval/accuracy');
    const interval = tInterval(accuracy);
    return [
      arm.name,
      `${arm.finished.length} of ${arm.planned}`,
      spread(accuracy),
      interval ? `${percent(interval.low)} to ${percent(interval.high)}` : '',
      spread(values(arm, 'eval/accuracy_norm').filter(Number.isFinite)),
      shown(meanOf(values(arm, 'eval/loss')), 3),
      shown(meanOf(routed.map(({ evenness }) => evenness)), 2),
      percent(median(routed.map(({ commonestPair }) => commonestPair)), 0),
      percent(meanOf(routed.map(({ dead }) => dead)), 0),
      shown(meanOf(values(arm, 'model/trainable_parameters')) / 1e6, 2),
      shown(meanOf(arm.finished.map(({ result }) => result.seconds)), 0),
    ];
  });
  const baselines = results.baselines.map(({ metrics }) => [
    'untrained',
    '',
    percent(metrics['eval/accuracy'] ?? Number.NaN),
    '',
    percent(metrics['eval/accuracy_norm'] ?? Number.NaN),
    shown(metrics['eval/loss'] ?? Number.NaN, 3),
    ...['', '', '', '', ''],
  ]);
  return table(
    [
      'arm',
      'seeds',
      'acc, % (± std)',
      '95 % interval',
      'acc_norm, %',
      'loss, nats',
      'exp(H)/E',
      'commonest pair, %',
      'dead experts, %',
      'trained, M',
      'seconds',
    ],
    [...rows, ...baselines],
  );
}

/** The four tests of the design, paired over the seeds that both arms finished, Holm-corrected. */
export function testTable(results: SweepResults): string {
  const arms = new Map(armsOf(results).map((arm) => [arm.name, arm]));
  const tests = HYPOTHESES.map(([one, other]) => {
    const accuracies = (name: string) =>
      new Map((arms.get(name)?.finished ?? []).map((trial) => [trial.trial.seed, metric(trial, 'eval/accuracy')]));
    const [a, b] = [accuracies(one), accuracies(other)];
    return pairedTTest([...a].flatMap(([seed, value]) => (b.has(seed) ? [value - b.get(seed)!] : [])));
  });
  const corrected = holm(tests.map((test) => test?.p));
  const rows = HYPOTHESES.map(([one, other], i) => {
    const test = tests[i];
    if (!test) return [`${one} − ${other}`, 'fewer than two shared seeds', '', '', '', ''];
    return [
      `${one} − ${other}`,
      percent(test.difference),
      `${percent(test.interval.low)} to ${percent(test.interval.high)}`,
      shown(test.p, 3),
      shown(corrected[i] ?? Number.NaN, 3),
      shown(test.std > 0 ? test.difference / test.std : Number.NaN, 2),
    ];
  });
  return table(['accuracy', 'points', '95 % interval', 'p', 'p (Holm)', 'd_z'], rows);
}

/** Loss on dev of each arm at each learning rate, and the rate that it chooses. */
export function ratesTable(results: SweepResults): string {
  const rateOf = ({ axes }: TrialRecord['trial']): number => Number(axes['optimizer.learningRate']);
  const rates = [...new Set(results.trials.map(({ trial }) => rateOf(trial)))].sort((a, b) => a - b);
  const arms = new Map<string, Map<number, number>>();
  for (const each of results.trials) {
    const name = each.trial.arm.split(' · ')[0]!;
    const losses = arms.get(name) ?? new Map<number, number>();
    arms.set(name, losses);
    const loss = each.result?.metrics['best/loss'];
    if (each.state === 'finished' && loss !== undefined) losses.set(rateOf(each.trial), loss);
  }
  const rows = [...arms].map(([name, losses]) => {
    const chosen = [...losses].toSorted((a, b) => a[1] - b[1])[0]?.[0];
    return [
      name,
      ...rates.map((rate) => shown(losses.get(rate) ?? Number.NaN, 3)),
      losses.size === rates.length ? String(chosen) : 'open',
    ];
  });
  return table(['arm', ...rates.map((rate) => `loss at ${rate}`), 'chosen'], rows);
}
