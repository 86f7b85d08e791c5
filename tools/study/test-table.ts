import { cohensDz, holm, pairedBootstrap, pairedTTest, type SweepResults } from '@gmoe/report';
import { RandomKey } from '@gmoe/tensor';
import { armsOf, markdownTable, metric, percent, percentRange, shown, type Finished } from './study-arms.js';

/** The pairs of arms that the study tests in each task (docs/study.md): first against second. */
const HYPOTHESES = [
  ['gmoe', 'mixlora'],
  ['gmoe', 'gmoe-no-graph'],
  ['gmoe', 'lora-equal'],
  ['graph-quantile', 'gmoe'],
] as const;

/** Pairs that it describes without a test. */
const DESCRIBED = [
  ['gmoe', 'gmoe-no-poisson'],
  ['gmoe', 'gmoe-no-normal'],
] as const;

/**
 * The tests of the design, paired over the seeds that both arms finished, Holm-corrected over the four; the pairs without a p are
 * described. The second interval is that of other seeds and other examples (pigeonhole bootstrap, 2000 resamples). The last columns are
 * secondary: differences with their t intervals over seeds.
 */
export function testTable(results: SweepResults): string {
  const arms = new Map(armsOf(results).map(({ name, finished }) => [name, finished]));
  const pairs = [...HYPOTHESES, ...DESCRIBED].map(([one, other]) => ({
    name: `${one} − ${other}`,
    ...comparison(arms.get(one) ?? [], arms.get(other) ?? []),
  }));
  const corrected = holm(pairs.slice(0, HYPOTHESES.length).map(({ test }) => test?.p));
  const rows = pairs.map(({ name, differences, test, bootstrap, norm, loss }, i) => {
    if (!test) return [name, 'fewer than two shared seeds', '', '', '', '', '', '', ''];
    const tested = i < HYPOTHESES.length;
    return [
      name,
      percent(test.difference),
      percentRange(test.interval),
      percentRange(bootstrap?.interval),
      tested ? shown(test.p, 3) : '',
      tested ? shown(corrected[i] ?? Number.NaN, 3) : '',
      shown(cohensDz(differences) ?? Number.NaN, 2),
      norm ? `${percent(norm.difference)} (${percentRange(norm.interval)})` : '',
      loss ? `${shown(loss.difference, 3)} (${shown(loss.interval.low, 3)} to ${shown(loss.interval.high, 3)})` : '',
    ];
  });
  return markdownTable(
    [
      'accuracy',
      'points',
      '95 % interval, seeds',
      '95 % interval, seeds and examples',
      'p',
      'p (Holm)',
      'd_z',
      'acc_norm, points',
      'loss, nats',
    ],
    rows,
  );
}

function comparison(first: readonly Finished[], second: readonly Finished[]) {
  const bySeed = new Map(second.map((trial) => [trial.trial.seed, trial]));
  const shared = first.flatMap((trial) => {
    const other = bySeed.get(trial.trial.seed);
    return other ? [[trial, other] as const] : [];
  });
  const differencesOf = (name: string) =>
    shared.map(([a, b]) => metric(a, name) - metric(b, name)).filter(Number.isFinite);
  const differences = differencesOf('eval/accuracy');
  const answers = shared.map(([a, b]) => {
    const right = new Map(b.predictions.map(({ id, correct }) => [id, Number(correct)]));
    return a.predictions.flatMap(({ id, correct }) => (right.has(id) ? [Number(correct) - right.get(id)!] : []));
  });
  const bootstrap = pairedBootstrap(answers, { key: RandomKey.fromSeed(0), over: 'seeds-and-examples' });
  return {
    differences,
    test: pairedTTest(differences),
    bootstrap,
    norm: pairedTTest(differencesOf('eval/accuracy_norm')),
    loss: pairedTTest(differencesOf('eval/loss')),
  };
}
