import { lineKeys } from './line-keys.js';
import { valueAxis } from './axes.js';
import type { Figure } from './figure.js';
import { CATEGORY_COLOURS, MUTED } from './palette.js';
import { contextId, inContext, referenceOf, type ChartScope } from './scope.js';

/** Accuracy against confidence: the best arm and the reference in colour, the others thin. */
export function reliabilityChart(scope: ChartScope): Figure | undefined {
  const arms = scope.arms.filter((arm) => arm.calibration);
  if (arms.length === 0) return undefined;
  const reference = referenceOf(scope) ?? arms[0]!.arm;
  const best = arms.find((arm) => arm.best) ?? arms[0]!;
  const marked = [...new Set([best, arms.find(({ arm }) => arm === reference) ?? best])];
  const name = (arm: (typeof arms)[number]) => `${arm.arm} (ECE ${(100 * arm.calibration!.ece).toFixed(1)} %)`;
  const data = (arm: (typeof arms)[number]) =>
    arm.calibration!.bins.map((bin) => ({
      value: [bin.confidence, bin.accuracy],
      tip: `${arm.arm}\nconfidence ${bin.confidence.toFixed(2)}, accuracy ${bin.accuracy.toFixed(2)}`,
    }));
  return {
    id: `reliability-${contextId(scope)}`,
    title: `Calibration${inContext(scope)}`,
    caption:
      'Test answers of all seeds in 15 bins of confidence (probability of the chosen option). On the dotted diagonal confidence ' +
      `is earned; below it the model is too sure.${arms.length > marked.length ? ' Thin grey: the other arms.' : ''}`,
    alt: `Reliability diagram: ${marked.map(name).join('; ')}.`,
    draw: (canvas) => {
      const { width, narrow } = canvas;
      const plot = narrow ? 280 : 380;
      const keys = lineKeys(marked.map(name), 62, canvas);
      const across = Math.min(width - 62 - 20, narrow ? 290 : 480);
      return {
        height: keys.height + 12 + plot + 56,
        option: {
          graphic: keys.graphic,
          grid: { left: 62, width: across, top: keys.height + 12, height: plot },
          xAxis: valueAxis('confidence (probability)', { min: 0, max: 1, interval: 0.2 }),
          yAxis: { ...valueAxis('accuracy (share right)', { min: 0, max: 1, interval: 0.2 }), nameGap: 42 },
          series: [
            {
              type: 'line',
              silent: true,
              showSymbol: false,
              data: [
                [0, 0],
                [1, 1],
              ],
              lineStyle: { color: MUTED, width: 1.2, type: [2, 3] },
            },
            ...arms
              .filter((arm) => !marked.includes(arm))
              .map((arm) => ({
                type: 'line',
                silent: true,
                showSymbol: false,
                data: data(arm),
                lineStyle: { color: MUTED, width: 0.8, opacity: 0.5 },
              })),
            ...marked.map((arm, i) => ({
              type: 'line',
              symbol: 'circle',
              symbolSize: 8,
              data: data(arm),
              lineStyle: { color: CATEGORY_COLOURS[i], width: 2.2 },
              itemStyle: { color: CATEGORY_COLOURS[i] },
            })),
          ],
        },
      };
    },
  };
}
