import { largest } from '@gmoe/core/extremes';
import { axisValue, treatmentAxes } from '../summary/arms.js';
import { unitLabel } from '../summary/numbers.js';
import { armTip } from './arm-chart.js';
import { logTicks, niceRange, tickFormatter, wantsLog, writtenNumber } from './axes.js';
import type { Figure } from './figure.js';
import { INK, MUTED, SURFACE } from './palette.js';
import { contextId, inContext, type ChartScope } from './scope.js';
import { wrapText } from './text-layout.js';

/** Between two uprights, for their names and values. */
const LEAST_GAP = 120;

/** Right of the last upright, for its values. */
const RIGHT = 54;

/** Parallel coordinates: an upright for each axis and for the compared metric, a line for each arm. */
export function parallelFigure(scope: ChartScope): Figure | undefined {
  const { summary, arms, colours } = scope;
  const { primary } = summary;
  const measured = arms.filter((arm) => arm.metrics[primary.id]);
  const axes = [...new Set(measured.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))].filter(
    (axis) => new Set(measured.map((arm) => axisValue(arm.axes[axis] ?? null))).size > 1,
  );
  if (axes.length < 2 || measured.length < 3) return undefined;
  const scale = primary.unit === 'percent' ? 100 : 1;
  const unit = unitLabel(primary.unit);
  const names = [...axes, `${primary.label}${unit ? ` (${unit})` : ''}`];
  return {
    id: `parallel-${contextId(scope)}`,
    title: `All axes at once${inContext(scope)}`,
    caption: `Every line is an arm; the rightmost upright is its mean ${primary.label.toLowerCase()} over seeds.${colours.short}`,
    alt: `Parallel coordinates of ${measured.length} arms over ${axes.length} axes.`,
    draw: ({ width: given, narrow, measure }) => {
      const left = narrow ? 96 : 160;
      const width = Math.max(given, left + RIGHT + LEAST_GAP * (names.length - 1));
      const gap = (width - left - RIGHT) / (names.length - 1);
      // Values of the first axis stand left of it, those of the others right: text is broken to what is free there.
      const roomOf = (dim: number) => (dim === 0 ? left - 16 : Math.min(gap - 16, 150));
      const titles = names.map((name) => wrapText(name, Math.min(gap - 8, 160), 12, measure));
      const top = 16 + 14 * titles.reduce((most, { length }) => Math.max(most, length), 1);
      // Each text of a category has room for all of its lines.
      const lines = axes.map((axis, dim) => {
        const texts = new Set(measured.map((arm) => axisValue(arm.axes[axis] ?? null)));
        const numeric = measured.every((arm) => typeof arm.axes[axis] === 'number');
        const most = largest([...texts].map((text) => wrapText(text, roomOf(dim), 11, measure).length));
        return numeric ? 0 : texts.size * (most + 0.6);
      });
      const plot = Math.max(narrow ? 280 : 380, 13 * largest(lines, 0));
      const label = {
        color: INK,
        fontSize: 11,
        lineHeight: 13,
        hideOverlap: true,
        // Lines pass behind what is written.
        backgroundColor: SURFACE,
        padding: [1, 2],
      };
      return {
        height: top + plot + 28,
        width,
        option: {
          parallel: { left, width: width - left - RIGHT, top, height: plot },
          parallelAxis: names.map((_, dim) => {
            const shared = {
              dim,
              name: titles[dim]!.join('\n'),
              nameLocation: 'end',
              nameTextStyle: { color: INK, fontSize: 12, lineHeight: 14 },
              nameGap: 10,
              axisLine: { lineStyle: { color: MUTED } },
              axisTick: { show: false },
            };
            const axis = axes[dim];
            const beside = dim === 0 ? { ...label, align: 'right', margin: -8 } : { ...label, margin: 6 };
            const values = measured.map((arm) =>
              axis === undefined ? scale * arm.metrics[primary.id]!.mean : (arm.axes[axis] ?? null),
            );
            if (!values.every((value): value is number => typeof value === 'number')) {
              const texts = [...new Set(values.map(axisValue))];
              const wrapped = new Map(texts.map((text) => [text, wrapText(text, roomOf(dim), 11, measure).join('\n')]));
              return {
                ...shared,
                type: 'category',
                data: texts,
                axisLabel: { ...beside, interval: 0, formatter: (text: string) => wrapped.get(text) ?? text },
              };
            }
            if (wantsLog(values)) {
              const low = values.reduce((a, b) => Math.min(a, b));
              const high = values.reduce((a, b) => Math.max(a, b));
              return {
                ...shared,
                type: 'log',
                min: low / 1.05,
                max: high * 1.05,
                axisLabel: { ...beside, customValues: logTicks(low, high, 8), formatter: writtenNumber },
              };
            }
            const range = niceRange(values, 6);
            const ticks = [range.min, range.min + range.interval, range.max];
            return { ...shared, type: 'value', ...range, axisLabel: { ...beside, formatter: tickFormatter(ticks) } };
          }),
          series: [
            {
              type: 'parallel',
              smooth: false,
              lineStyle: { width: measured.length > 60 ? 1.2 : 2, opacity: measured.length > 60 ? 0.45 : 0.75 },
              emphasis: { lineStyle: { width: 4, opacity: 1 } },
              data: measured.map((arm) => ({
                value: names.map((_, dim) => {
                  const axis = axes[dim];
                  if (axis === undefined) return scale * arm.metrics[primary.id]!.mean;
                  const value = arm.axes[axis] ?? null;
                  return typeof value === 'number' ? value : axisValue(value);
                }),
                tip: armTip(arm, arm.metrics[primary.id]!, scope),
                lineStyle: { color: colours.of(arm) },
              })),
            },
          ],
        },
      };
    },
  };
}
