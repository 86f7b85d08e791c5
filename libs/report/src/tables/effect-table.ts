import { differenceUnit, formatDifference, formatInterval, formatP } from '../summary/numbers.js';
import type { SweepSummary } from '../summary/index.js';
import { textCell, type Cell, type Table } from './table.js';

const NONE = '–';

/** Main effects of a grid: each value of an axis against the reference arm's, averaged over all other settings. */
export function effectTable(summary: SweepSummary): Table {
  const { unit } = summary.primary;
  const multiple = summary.contexts.length > 1;
  const points = differenceUnit(unit).trim();
  return {
    id: 'effects',
    title: 'What each choice does, averaged over the others',
    columns: [
      ...(multiple ? [{ heading: 'Task', align: 'left' as const }] : []),
      { heading: 'Axis', align: 'left' },
      { heading: 'Value', align: 'left' },
      { heading: 'Rather than', align: 'left' },
      { heading: 'Settings', align: 'right' },
      { heading: 'Seeds', align: 'right' },
      { heading: `Difference${points ? ` (${points})` : ''}`, align: 'right' },
      { heading: `${+(100 * summary.level).toFixed(1)} % interval`, align: 'right' },
      { heading: 'p (Holm)', align: 'right' },
      { heading: 'Verdict', align: 'left' },
    ],
    rows: summary.effects.map((effect): Cell[] => [
      ...(multiple ? [textCell('task', effect.context)] : []),
      textCell('axis', effect.axis),
      textCell('value', effect.value),
      textCell('reference', effect.reference),
      { text: String(effect.settings), data: { settings: effect.settings } },
      { text: String(effect.seeds.length), data: { seeds: effect.seeds.length } },
      { text: formatDifference(effect.difference, unit), data: { difference: effect.difference } },
      {
        text: effect.interval ? formatInterval(effect.interval, unit, true) : NONE,
        data: { low: effect.interval?.low ?? null, high: effect.interval?.high ?? null },
      },
      { text: effect.pHolm === null ? NONE : formatP(effect.pHolm), data: { p: effect.p, p_holm: effect.pHolm } },
      {
        text: effect.verdict,
        data: { verdict: effect.verdict },
        emphasis: effect.verdict === 'better' || effect.verdict === 'worse' ? 'best' : 'faint',
      },
    ]),
    notes: [
      'Each seed counts once: its differences are averaged over the settings of the other axes, then tested (paired t, ' +
        'Holm over the rows). An average effect need not hold in every setting.',
    ],
  };
}
