import { formatCount, unitLabel } from '../summary/numbers.js';
import { metricDefinition } from '../summary/metric-catalog.js';
import type { ArmSummary, SweepSummary } from '../summary/index.js';
import { armColours } from './arm-colours.js';
import { AXIS, makeChart, niceRange, valueAxis, type Chart } from './chart.js';
import { INK, MUTED, SURFACE } from './palette.js';

interface Point {
  readonly arm: ArmSummary;
  readonly cost: number;
  readonly score: number;
}

/**
 * Arms that no other beats on both counts, in the order of cost.
 * @param costSign 1 if less is better, -1 if more is
 * @param scoreSign 1 if more is better, -1 if less is
 */
export function paretoFront<T extends { readonly cost: number; readonly score: number }>(
  points: readonly T[],
  costSign: 1 | -1,
  scoreSign: 1 | -1,
): T[] {
  const order = [...points].sort((a, b) => costSign * (a.cost - b.cost) || scoreSign * (b.score - a.score));
  let best = -Infinity;
  return order.filter(({ score }) => {
    if (scoreSign * score <= best) return false;
    best = scoreSign * score;
    return true;
  });
}

/** The compared metric against what an arm costs: trainable parameters, or throughput. */
export function paretoChart(
  summary: SweepSummary,
  context: string,
  costId: 'trainableParameters' | 'tokensPerSecond' | 'seconds',
): Chart | undefined {
  const { primary } = summary;
  const cost = metricDefinition(costId);
  const scale = primary.unit === 'percent' ? 100 : 1;
  const arms = summary.arms.filter((arm) => arm.context === context);
  const points = arms.flatMap((arm): Point[] => {
    const x = arm.metrics[costId];
    const y = arm.metrics[primary.id];
    return x && y ? [{ arm, cost: x.mean, score: scale * y.mean }] : [];
  });
  if (new Set(points.map((point) => point.cost)).size < 2) return undefined;
  const front = paretoFront(points, cost.better === 'lower' ? 1 : -1, primary.better === 'lower' ? -1 : 1);
  const colours = armColours(arms);
  const xs = points.map((point) => point.cost);
  const logarithmic = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) >= 8;
  const unit = unitLabel(primary.unit);
  const costUnit = unitLabel(cost.unit) || (cost.unit === 'seconds' ? 's' : '');
  return makeChart(
    {
      id: `pareto-${summary.contexts.indexOf(context)}-${costId}`,
      title: `${primary.label} against ${cost.label.toLowerCase()}${context ? `, ${context}` : ''}`,
      caption:
        `Means over seeds. Dashed: the Pareto front, arms that no other arm beats on both counts (${front.map(({ arm }) => arm.arm).join('; ')}); ` +
        'it takes means at face value, noise included.' +
        colours.caption,
      alt: `${points.length} arms; on the Pareto front: ${front.map(({ arm }) => arm.arm).join(', ')}.`,
    },
    ({ width, narrow }) => {
      const named = narrow ? front : points;
      const plot = narrow ? 240 : 320;
      const range = niceRange(xs, narrow ? 3 : 6);
      const scores = niceRange(
        points.map(({ score }) => score),
        5,
      );
      const shifts = labelShifts(named.map(({ score }) => (plot * (scores.max - score)) / (scores.max - scores.min)));
      return {
        height: plot + 76,
        option: {
          grid: { left: 62, width: width - 62 - (narrow ? 24 : 150), top: 20, height: plot },
          xAxis: {
            ...valueAxis(`${cost.label}${costUnit ? ` (${costUnit})` : ''}`, logarithmic ? {} : range),
            type: logarithmic ? 'log' : 'value',
            axisLabel: {
              ...AXIS.axisLabel,
              formatter: (v: number) => (cost.unit === 'seconds' ? String(v) : formatCount(v)),
              hideOverlap: true,
            },
          },
          yAxis: {
            ...valueAxis(
              `${primary.label}${unit ? ` (${unit})` : ''}`,
              niceRange(
                points.map(({ score }) => score),
                5,
              ),
            ),
            nameGap: 42,
          },
          series: [
            {
              type: 'line',
              silent: true,
              showSymbol: false,
              data: front.map((point) => [point.cost, point.score]),
              lineStyle: { color: MUTED, width: 1.5, type: [5, 4] },
            },
            {
              type: 'scatter',
              silent: true,
              symbolSize: 12,
              data: points.map((point) => ({
                value: [point.cost, point.score],
                itemStyle: { color: colours.of(point.arm), borderColor: SURFACE, borderWidth: 1, opacity: 1 },
                label: {
                  show: named.includes(point),
                  formatter: point.arm.arm,
                  position: narrow && point.cost > (range.min + range.max) / 2 ? 'left' : 'right',
                  offset: [0, shifts[named.indexOf(point)] ?? 0],
                  color: INK,
                  fontSize: 12,
                },
              })),
            },
          ],
        },
      };
    },
  );
}

const LABEL_HEIGHT = 14;

/** How far to move labels up or down, in pixels, so that none covers another. */
function labelShifts(heights: readonly number[]): number[] {
  const shifts = new Array<number>(heights.length).fill(0);
  let floor = -Infinity;
  for (const i of heights.map((_, at) => at).sort((a, b) => heights[a]! - heights[b]!)) {
    const y = Math.max(heights[i]!, floor);
    shifts[i] = y - heights[i]!;
    floor = y + LABEL_HEIGHT;
  }
  return shifts;
}
