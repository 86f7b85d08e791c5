import { differenceUnit, formatDifference, formatInterval, formatP } from '../summary/numbers.js';
import type { Comparison, SweepSummary } from '../summary/index.js';
import type { Cell, Table } from './table.js';
import { textCell } from './table.js';

const NONE = '–';

/** Each arm against the reference: difference, interval, p after Holm, effect, and what may be said. */
export function comparisonTable(summary: SweepSummary): Table {
  const { primary, level } = summary;
  const references = [...new Set(summary.comparisons.map(({ reference }) => reference))];
  const unit = differenceUnit(primary.unit).trim();
  const multiple = references.length > 1;
  return {
    id: 'comparisons',
    title: references.length === 1 ? `Against ${references[0]!}` : 'Against the reference arm',
    columns: [
      { heading: 'Arm', align: 'left' },
      ...(multiple ? [{ heading: 'Reference', align: 'left' as const }] : []),
      { heading: 'Seeds', align: 'right' },
      { heading: `Difference${unit ? ` (${unit})` : ''}`, align: 'right' },
      { heading: `${+(100 * level).toFixed(1)} % interval`, align: 'right' },
      { heading: 'p (Holm)', align: 'right' },
      { heading: 'd_z', align: 'right' },
      { heading: 'Over seeds and examples', align: 'right' },
      { heading: 'Seeds needed', align: 'right' },
      { heading: 'Verdict', align: 'left' },
    ],
    rows: summary.comparisons.map((comparison) => comparisonRow(comparison, summary, multiple)),
    notes: [
      'Difference of means on shared seeds; p: two-sided paired t test over seeds (sign test where differences have no spread), ' +
        'Holm-corrected over the arms; d_z: mean over standard deviation of the differences.',
      'Over seeds and examples: bootstrap interval that draws seeds and test examples anew. Seeds needed: for 80 % power, ' +
        'uncorrected, if the true effect were the observed one – a rough guide from few seeds.',
    ],
  };
}

function comparisonRow(comparison: Comparison, { primary }: SweepSummary, multiple: boolean): Cell[] {
  const { unit } = primary;
  const { difference, interval, pHolm, p, effect, examples, seedsNeeded, verdict, seeds } = comparison;
  const bootstrap = examples?.bootstrap;
  const marked = verdict === 'better' || verdict === 'worse';
  return [
    textCell('arm', comparison.arm),
    ...(multiple ? [textCell('reference', comparison.reference)] : []),
    { text: String(seeds.length), data: { shared_seeds: seeds.length } },
    {
      text: difference === null ? NONE : formatDifference(difference, unit),
      data: { difference, difference_std: comparison.std },
    },
    {
      text: interval ? formatInterval(interval, unit, true) : NONE,
      data: { low: interval?.low ?? null, high: interval?.high ?? null },
    },
    { text: pHolm === null ? NONE : formatP(pHolm), data: { p, p_holm: pHolm, test: comparison.test } },
    {
      text: effect.cohensDz === null ? NONE : formatEffect(effect.cohensDz),
      data: {
        cohens_dz: effect.cohensDz,
        hedges_g: effect.hedgesG,
        probability_of_superiority: effect.probabilityOfSuperiority,
      },
    },
    {
      text: bootstrap ? formatInterval(bootstrap.interval, unit, true) : NONE,
      data: {
        examples: bootstrap?.examples ?? null,
        bootstrap_low: bootstrap?.interval.low ?? null,
        bootstrap_high: bootstrap?.interval.high ?? null,
        bootstrap_p: bootstrap?.p ?? null,
      },
    },
    { text: seedsNeeded === null ? NONE : String(seedsNeeded), data: { seeds_needed: seedsNeeded } },
    {
      text: verdict,
      data: { verdict, sign_p: comparison.sign?.p ?? null, wilcoxon_p: comparison.wilcoxon?.p ?? null },
      ...(marked ? { emphasis: 'best' as const } : { emphasis: 'faint' as const }),
    },
  ];
}

function formatEffect(dz: number): string {
  return `${dz < 0 ? '\u2212' : '+'}${Math.abs(dz).toFixed(1)}`;
}
