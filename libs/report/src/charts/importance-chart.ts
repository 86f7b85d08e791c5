import type { SweepSummary } from '../summary/index.js';
import { armAxis, makeChart, valueAxis, type Chart } from './chart.js';
import { CATEGORY_COLOURS, INK } from './palette.js';

/** How much of the variance over trials each axis accounts for, beside what is left to interactions and to seeds. */
export function importanceChart(summary: SweepSummary, context: string): Chart | undefined {
  const found = summary.importance.find((one) => one.context === context);
  if (!found) return undefined;
  const [axisColour, , , , , , otherColour] = CATEGORY_COLOURS;
  const rows = [
    ...found.axes.map(({ axis, share }) => ({ name: axis, share, colour: axisColour })),
    ...(found.interactions === null
      ? []
      : [{ name: 'interactions of axes', share: found.interactions, colour: otherColour }]),
    { name: 'seeds', share: found.seeds, colour: otherColour },
  ];
  const corrected = found.axes.flatMap(({ axis, corrected: share }) =>
    share === undefined ? [] : [`${axis} ${(100 * share).toFixed(0)} %`],
  );
  return makeChart(
    {
      id: `importance-${summary.contexts.indexOf(context)}`,
      title: `Importance of axes${context ? `, ${context}` : ''}`,
      caption:
        `Share of the variance of ${summary.primary.label.toLowerCase()} over all trials between the means of an axis’ values (η²).` +
        (corrected.length > 0 ? ` Less what chance alone would give (ω²): ${corrected.join(', ')}.` : '') +
        (found.balanced ? '' : ' The sweep is not a full grid: shares of axes overlap and need not add up.'),
      alt: rows.map(({ name, share }) => `${name} ${(100 * share).toFixed(0)} %`).join(', '),
    },
    ({ width, narrow }) => {
      const left = narrow ? 104 : 200;
      return {
        height: 10 + 34 * rows.length + 56,
        option: {
          grid: { left: left + 12, top: 10, bottom: 52, width: width - left - (narrow ? 26 : 36) },
          xAxis: valueAxis('share of variance (%)', { min: 0, max: 100, interval: narrow ? 25 : 10 }),
          yAxis: armAxis(
            rows.map(({ name }) => name),
            left,
          ),
          series: [
            {
              type: 'bar',
              silent: true,
              barWidth: 18,
              data: rows.map(({ share, colour }) => ({
                value: 100 * share,
                itemStyle: { color: colour },
                label: {
                  show: true,
                  position: share > 0.8 ? 'insideRight' : 'right',
                  color: share > 0.8 ? '#ffffff' : INK,
                  fontSize: 12,
                  formatter: `${(100 * share).toFixed(0)} %`,
                },
              })),
            },
          ],
        },
      };
    },
  );
}
