import { axisValue, treatmentAxes } from '../summary/arms.js';
import { metricDefinition } from '../summary/metric-catalog.js';
import { digitsApart, formatCount, formatInterval, formatValue, unitLabel } from '../summary/numbers.js';
import type { ArmSummary, Estimate, SweepSummary } from '../summary/index.js';
import { textCell, type Cell, type Column, type Table } from './table.js';

/** Metrics beside the compared one, as far as any arm has them. */
const BESIDE = ['accuracy', 'loss', 'entropy', 'maxShare', 'seconds', 'tokensPerSecond', 'trainableParameters'];

const NONE = '–';

/**
 * One row per arm, then the untrained base and chance.
 * @param options.axes a column for each axis that tells arms apart; as data they are there in any case
 */
export function armTable(summary: SweepSummary, options: { readonly axes?: boolean } = {}): Table {
  const { primary, contexts } = summary;
  const beside = BESIDE.filter((id) => id !== primary.id && summary.arms.some((arm) => arm.metrics[id]));
  const multiple = contexts.length > 1;
  const axes = options.axes ? [...new Set(summary.arms.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))] : [];
  const digits = digitsApart(summary.arms.flatMap((arm) => arm.metrics['trainableParameters']?.mean ?? []));
  const level = `${+(100 * summary.level).toFixed(1)} %`;
  const unit = unitLabel(primary.unit);
  const columns: Column[] = [
    ...(multiple ? [{ heading: 'Task', align: 'left' as const }] : []),
    { heading: 'Arm', align: 'left' },
    { heading: 'Seeds', align: 'right' },
    { heading: `${primary.label}${unit ? ` (${unit})` : ''}`, align: 'right' },
    { heading: `${level} interval`, align: 'right' },
    ...beside.map((id): Column => ({ heading: headingOf(id), align: 'right' })),
    ...axes.map((axis): Column => ({
      heading: axis,
      repeats: true,
      align: summary.arms.every((arm) => typeof (arm.axes[axis] ?? 0) === 'number') ? 'right' : 'left',
    })),
  ];
  const rows = contexts.flatMap((context) => [
    ...summary.arms
      .filter((arm) => arm.context === context)
      .map((arm) => armRow(arm, summary, beside, axes, multiple, digits)),
    ...summary.baselines
      .filter((baseline) => baseline.context === context)
      .map(({ label, value }): Cell[] => [
        ...(multiple ? [textCell('task', context, 'faint')] : []),
        textCell('arm', label, 'faint'),
        { text: '', data: {}, emphasis: 'faint' },
        { text: formatValue(value, primary.unit), data: { [`${primary.id}_mean`]: value }, emphasis: 'faint' },
        ...Array.from({ length: 1 + beside.length + axes.length }, (): Cell => ({
          text: '',
          data: {},
          emphasis: 'faint',
        })),
      ]),
  ]);
  const notes = [`Mean ± sample standard deviation over seeds; interval: Student’s t for the mean.`];
  if (summary.arms.some((arm) => arm.best))
    notes.push('Best mean marked; see the comparisons for whether it is beyond noise.');
  return { id: 'arms', title: 'Arms', columns, rows, notes };
}

function headingOf(id: string): string {
  const metric = metricDefinition(id);
  const unit = unitLabel(metric.unit);
  return unit === '' ? metric.label : `${metric.label} (${unit})`;
}

function armRow(
  arm: ArmSummary,
  summary: SweepSummary,
  beside: readonly string[],
  axes: readonly string[],
  multiple: boolean,
  digits: number,
): Cell[] {
  const { primary } = summary;
  const score = arm.metrics[primary.id];
  const { finished, failed, missing } = arm.trials;
  const total = finished + failed + missing;
  return [
    ...(multiple ? [textCell('task', arm.context)] : []),
    {
      ...textCell('arm', arm.arm, arm.best ? 'best' : undefined),
      data: { arm: arm.arm, ...axisData(arm) },
    },
    {
      text: finished === total ? String(finished) : `${finished}/${total}`,
      data: { seeds: finished, failed, missing },
    },
    { ...estimateCell(primary.id, score), ...(arm.best ? { emphasis: 'best' as const } : {}) },
    {
      text: score?.interval ? formatInterval(score.interval, primary.unit) : NONE,
      data: {
        [`${primary.id}_low`]: score?.interval?.low ?? null,
        [`${primary.id}_high`]: score?.interval?.high ?? null,
        [`${primary.id}_std_low`]: score?.stdInterval?.low ?? null,
        [`${primary.id}_std_high`]: score?.stdInterval?.high ?? null,
      },
    },
    ...beside.map((id) => estimateCell(id, arm.metrics[id], digits)),
    ...axes.map((axis): Cell => {
      const value = arm.axes[axis];
      if (value === undefined) return { text: NONE, data: {} };
      return { text: axisValue(value), data: typeof value === 'number' ? { [`axis.${axis}`]: value } : {} };
    }),
  ];
}

/** The arm's axes as columns of data. */
function axisData(arm: ArmSummary): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(treatmentAxes(arm.axes)).map(([axis, value]) => [
      `axis.${axis}`,
      typeof value === 'number' ? value : axisValue(value),
    ]),
  );
}

function estimateCell(id: string, estimate: Estimate | undefined, digits?: number): Cell {
  const { unit } = metricDefinition(id);
  const data = { [`${id}_mean`]: estimate?.mean ?? null, [`${id}_std`]: estimate?.std ?? null };
  if (!estimate) return { text: NONE, data };
  const spread = ['percent', 'nats', 'share', 'plain'].includes(unit) && estimate.std !== null;
  if (unit === 'count') return { text: formatCount(estimate.mean, digits), data };
  return {
    text: formatValue(estimate.mean, unit) + (spread ? ` ± ${formatValue(estimate.std!, unit)}` : ''),
    data,
  };
}
