import { unitLabel } from '../summary/numbers.js';
import { metricDefinition } from '../summary/metric-catalog.js';
import type { ArmSummary } from '../summary/index.js';
import { armTip } from './arm-chart.js';
import { niceRange, scaleAxis, valueAxis, wantsLog } from './axes.js';
import { plotHeight, type Figure } from './figure.js';
import { INK, MUTED, SURFACE } from './palette.js';
import { contextId, inContext, type ChartScope } from './scope.js';

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
  scope: ChartScope,
  costId: 'trainableParameters' | 'tokensPerSecond' | 'seconds',
): Figure | undefined {
  const { summary, arms, colours } = scope;
  const { primary } = summary;
  const cost = metricDefinition(costId);
  const scale = primary.unit === 'percent' ? 100 : 1;
  const points = arms.flatMap((arm): Point[] => {
    const x = arm.metrics[costId];
    const y = arm.metrics[primary.id];
    return x && y ? [{ arm, cost: x.mean, score: scale * y.mean }] : [];
  });
  if (new Set(points.map((point) => point.cost)).size < 2) return undefined;
  const front = paretoFront(points, cost.better === 'lower' ? 1 : -1, primary.better === 'lower' ? -1 : 1);
  const unit = unitLabel(primary.unit);
  const costUnit = unitLabel(cost.unit) || (cost.unit === 'seconds' ? 's' : '');
  return {
    id: `pareto-${contextId(scope)}-${costId}`,
    title: `${primary.label} against ${cost.label.toLowerCase()}${inContext(scope)}`,
    caption:
      `Means over seeds. Dashed: the Pareto front, arms that no other arm beats on both counts: ` +
      `${front.map(({ arm }, i) => `${i + 1} ${arm.arm}`).join('; ')}. It takes means at face value, noise included.` +
      colours.short,
    alt: `${points.length} arms; on the Pareto front: ${front.map(({ arm }) => arm.arm).join(', ')}.`,
    draw: (canvas) => {
      const { width, narrow } = canvas;
      const plot = plotHeight(canvas, 240, 320);
      const costs = points.map((point) => point.cost);
      const range = niceRange(
        points.map(({ score }) => score),
        5,
      );
      return {
        height: plot + 76,
        option: {
          grid: { left: 62, width: width - 62 - 32, top: 20, height: plot },
          xAxis: scaleAxis(`${cost.label}${costUnit ? ` (${costUnit})` : ''}`, costs, {
            log: wantsLog(costs),
            ticks: narrow ? 3 : 6,
          }),
          yAxis: { ...valueAxis(`${primary.label}${unit ? ` (${unit})` : ''}`, { ...range }), nameGap: 42 },
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
              labelLayout: { hideOverlap: true },
              symbolSize: points.length > 40 ? 8 : 12,
              data: points.map((point) => {
                const place = front.indexOf(point);
                return {
                  value: [point.cost, point.score],
                  tip: armTip(point.arm, point.arm.metrics[primary.id]!, scope),
                  itemStyle: { color: colours.of(point.arm), borderColor: SURFACE, borderWidth: 1, opacity: 1 },
                  ...(place < 0
                    ? {}
                    : {
                        label: {
                          show: true,
                          formatter: String(place + 1),
                          position: 'top',
                          color: INK,
                          fontSize: 12,
                          fontWeight: 600,
                        },
                      }),
                };
              }),
            },
          ],
        },
      };
    },
  };
}
