import { largest } from '@gmoe/core';
import { stdInterval, tInterval, type SweepResults } from '@gmoe/report';
import { loadShares, normalizedEntropy } from '@gmoe/routers-diagnostics';
import {
  armsOf,
  markdownTable,
  meanOf,
  percent,
  percentRange,
  shown,
  spread,
  values,
  type Finished,
} from './study-arms.js';

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** How evenly a trial's layers load their experts, and how much goes to each layer's commonest pair; means and medians over layers. */
function routingOf(trial: Finished) {
  const layers = trial.routing?.layers ?? [];
  const evenness = loadShares(layers.map(({ selected }) => selected)).map(normalizedEntropy);
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

/** What each arm reached: accuracy with its spread over seeds, both with intervals, and the loss of the right answers. */
export function scoreTable(results: SweepResults): string {
  const rows = armsOf(results).map((arm) => {
    const accuracy = values(arm, 'eval/accuracy');
    return [
      arm.name,
      `${arm.finished.length} of ${arm.planned}`,
      spread(accuracy),
      percentRange(tInterval(accuracy)),
      percentRange(stdInterval(accuracy)),
      spread(values(arm, 'eval/accuracy_norm')),
      shown(meanOf(values(arm, 'eval/loss')), 3),
    ];
  });
  const baselines = results.baselines.map(({ metrics }) => [
    'untrained',
    '',
    percent(metrics['eval/accuracy'] ?? Number.NaN),
    '',
    '',
    percent(metrics['eval/accuracy_norm'] ?? Number.NaN),
    shown(metrics['eval/loss'] ?? Number.NaN, 3),
  ]);
  return markdownTable(
    ['arm', 'seeds', 'acc, % (± std)', '95 % interval', '95 % interval of std', 'acc_norm, %', 'loss, nats'],
    [...rows, ...baselines],
  );
}

/** How the arms routed the test examples, and what they cost. */
export function routingTable(results: SweepResults): string {
  const rows = armsOf(results).map((arm) => {
    const routed = arm.finished.filter(({ routing }) => (routing?.layers.length ?? 0) > 0).map(routingOf);
    return [
      arm.name,
      shown(meanOf(routed.map(({ evenness }) => evenness)), 2),
      percent(median(routed.map(({ commonestPair }) => commonestPair)), 0),
      percent(meanOf(routed.map(({ dead }) => dead)), 0),
      shown(meanOf(values(arm, 'model/trainable_parameters')) / 1e6, 2),
      shown(meanOf(arm.finished.map(({ result }) => result.seconds)), 0),
    ];
  });
  return markdownTable(
    ['arm', 'exp(H)/E', 'commonest pair, %', 'dead experts, %', 'trained, M', 'seconds a trial'],
    rows,
  );
}
