import { differenceUnit, formatP, formatValue } from '../summary/numbers.js';
import type { Comparison, SweepSummary } from '../summary/index.js';
import { textCell, type Cell, type Table } from './table.js';

const NONE = '–';

/** The tests beside the main one, per comparison: signs, ranks, single seeds on the same examples, effect sizes. */
export function testTable(summary: SweepSummary): Table {
  const unit = differenceUnit(summary.primary.unit).trim();
  return {
    id: 'tests',
    title: 'Further tests and effect sizes',
    columns: [
      { heading: 'Arm', align: 'left' },
      { heading: 'Sign test p', align: 'right' },
      { heading: 'Signed-rank p', align: 'right' },
      { heading: 'Lowest possible p', align: 'right' },
      { heading: 'McNemar mid-p, per seed', align: 'right' },
      { heading: 'Hedges’ g', align: 'right' },
      { heading: 'Beats reference', align: 'right' },
      { heading: `Would see${unit ? ` (${unit})` : ''}`, align: 'right' },
    ],
    rows: summary.comparisons.map((comparison) => testRow(comparison, summary)),
    notes: [
      'Not corrected for several comparisons. Lowest possible p: what sign and signed-rank tests can reach at best with so many seeds. ' +
        'McNemar: exact mid-p on the same test examples, one test per seed.',
      'Beats reference: chance that a random seed of the arm beats a random seed of the reference. Would see: the smallest true ' +
        'difference that so many seeds show with 80 % power.',
    ],
  };
}

function testRow(comparison: Comparison, { primary }: SweepSummary): Cell[] {
  const { sign, wilcoxon, examples, effect, detectableDifference } = comparison;
  const mcNemar = examples?.mcNemar ?? [];
  return [
    textCell('arm', comparison.arm),
    { text: sign ? formatP(sign.p) : NONE, data: { sign_p: sign?.p ?? null } },
    { text: wilcoxon ? formatP(wilcoxon.p) : NONE, data: { wilcoxon_p: wilcoxon?.p ?? null } },
    { text: sign ? formatP(sign.smallestP) : NONE, data: { smallest_p: sign?.smallestP ?? null } },
    {
      text: mcNemar.map(({ midP }) => formatP(midP)).join(', ') || NONE,
      data: { mcnemar_mid_p: mcNemar.map(({ seed, midP }) => `${seed}:${midP}`).join(' ') || null },
    },
    {
      text: effect.hedgesG === null ? NONE : effect.hedgesG.toFixed(1).replace('-', '\u2212'),
      data: { hedges_g: effect.hedgesG },
    },
    {
      text: effect.probabilityOfSuperiority === null ? NONE : `${(100 * effect.probabilityOfSuperiority).toFixed(0)} %`,
      data: { probability_of_superiority: effect.probabilityOfSuperiority },
    },
    {
      text: detectableDifference === null ? NONE : formatValue(detectableDifference, primary.unit),
      data: { detectable_difference: detectableDifference },
    },
  ];
}
