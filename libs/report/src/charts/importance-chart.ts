import { shownShare } from '../statistics/variance-shares.js';
import { armRows } from './arm-rows.js';
import { valueAxis } from './axes.js';
import type { Figure } from './figure.js';
import { CATEGORY_COLOURS, INK } from './palette.js';
import { contextId, inContext, type ChartScope } from './scope.js';

/** How much of the variance over trials each axis accounts for, beside what is left to interactions and to seeds. */
export function importanceChart(scope: ChartScope): Figure | undefined {
  const { summary, context } = scope;
  const found = summary.importance.find((one) => one.context === context);
  if (!found) return undefined;
  const [axisColour, , , , , , otherColour] = CATEGORY_COLOURS;
  const rows = [
    ...found.axes.map((axis) => ({ name: axis.axis, share: shownShare(axis), colour: axisColour })),
    ...(found.interactions === null
      ? []
      : [{ name: 'interactions of axes', share: found.interactions, colour: otherColour }]),
    ...(found.seeds === null ? [] : [{ name: 'seeds', share: found.seeds, colour: otherColour }]),
  ];
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const corrected = found.axes.flatMap(({ axis, corrected: share, drawn }) =>
    share === undefined || drawn ? [] : [`${axis} ${percent(share)}`],
  );
  const drawn = found.axes.filter((axis) => axis.drawn);
  return {
    id: `importance-${contextId(scope)}`,
    title: `Importance of axes${inContext(scope)}`,
    caption:
      `Share of the variance of ${summary.primary.label.toLowerCase()} over all trials between the means of an axis’ values (η²).` +
      (corrected.length > 0 ? ` Less what chance alone would give (ω²): ${corrected.join(', ')}.` : '') +
      (drawn.length > 0
        ? ` Drawn numbers (${drawn.map(({ axis, levels }) => `${axis}: ${levels} classes`).join(', ')}) are put into classes of equal count by rank, and chance is taken off (ω²).`
        : '') +
      (found.balanced ? '' : ' The sweep is not a full grid: shares of axes overlap and need not add up.'),
    alt: rows.map(({ name, share }) => `${name} ${percent(share)}`).join(', '),
    draw: (canvas) => {
      const { width, narrow } = canvas;
      const names = armRows(
        rows.map(({ name }) => name),
        canvas,
        34,
      );
      const left = names.left + 14;
      interface Api {
        value(dimension: number): number;
        coord(point: readonly [number, number]): [number, number];
      }
      return {
        height: 10 + names.height + 56,
        option: {
          grid: { left, top: 10, height: names.height, width: width - left - (narrow ? 20 : 28) },
          xAxis: valueAxis('share of variance (%)', { min: 0, max: 100, interval: narrow ? 25 : 10 }),
          yAxis: names.axis,
          series: [
            {
              type: 'custom',
              encode: { x: 0, y: 1 },
              data: rows.map(({ name, share }, i) => ({
                value: [100 * share, names.centres[i]!],
                tip: `${name}\n${(100 * share).toFixed(1)} % of the variance`,
              })),
              renderItem: ({ dataIndex }: { dataIndex: number }, api: Api) => {
                const [x, y] = api.coord([api.value(0), api.value(1)]);
                const [zero] = api.coord([0, api.value(1)]);
                const { share, colour } = rows[dataIndex]!;
                const inside = share > 0.8;
                return {
                  type: 'group',
                  children: [
                    {
                      type: 'rect',
                      shape: { x: zero, y: y - 9, width: x - zero, height: 18 },
                      style: { fill: colour },
                    },
                    {
                      type: 'text',
                      x: inside ? x - 6 : x + 6,
                      y,
                      style: {
                        text: percent(share),
                        fill: inside ? '#ffffff' : INK,
                        fontSize: 12,
                        align: inside ? 'right' : 'left',
                        verticalAlign: 'middle',
                      },
                    },
                  ],
                };
              },
            },
          ],
        },
      };
    },
  };
}
