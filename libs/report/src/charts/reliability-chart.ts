import type { SweepSummary } from '../summary/index.js';
import { lineKeys, makeChart, valueAxis, type Chart } from './chart.js';
import { CATEGORY_COLOURS, MUTED } from './palette.js';

/** Accuracy against confidence: the best arm and the reference in colour, the others thin. */
export function reliabilityChart(summary: SweepSummary, context: string): Chart | undefined {
  const arms = summary.arms.filter((arm) => arm.context === context && arm.calibration);
  if (arms.length === 0) return undefined;
  const reference = summary.comparisons.find((c) => c.context === context)?.reference ?? arms[0]!.arm;
  const best = arms.find((arm) => arm.best) ?? arms[0]!;
  const marked = [...new Set([best, arms.find(({ arm }) => arm === reference) ?? best])];
  const name = (arm: (typeof arms)[number]) => `${arm.arm} (ECE ${(100 * arm.calibration!.ece).toFixed(1)} %)`;
  const data = (arm: (typeof arms)[number]) => arm.calibration!.bins.map((bin) => [bin.confidence, bin.accuracy]);
  return makeChart(
    {
      id: `reliability-${summary.contexts.indexOf(context)}`,
      title: `Calibration${context ? `, ${context}` : ''}`,
      caption:
        'Test answers of all seeds in ten bins of confidence (probability of the chosen option). On the dotted diagonal confidence ' +
        `is earned; below it the model is too sure.${arms.length > marked.length ? ' Thin grey: the other arms.' : ''}`,
      alt: `Reliability diagram: ${marked.map(name).join('; ')}.`,
    },
    ({ width, narrow }) => {
      const plot = narrow ? 280 : 380;
      const top = 22 * marked.length + 12;
      const across = Math.min(width - 62 - 20, narrow ? 290 : 480);
      return {
        height: top + plot + 56,
        option: {
          graphic: lineKeys(marked.map(name), 62),
          grid: { left: 62, width: across, top, height: plot },
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
              silent: true,
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
  );
}
