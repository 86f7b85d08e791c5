import { largest, smallest } from '@gmoe/core/extremes';
import type { Unit } from '../summary/metric-catalog.js';
import { MUTED, RULE } from './palette.js';

/** The style that all value axes share. */
export const AXIS = {
  nameTextStyle: { color: MUTED, fontSize: 12 },
  axisLabel: { color: MUTED, fontSize: 12 },
  axisLine: { lineStyle: { color: RULE } },
  axisTick: { lineStyle: { color: RULE } },
  splitLine: { lineStyle: { color: RULE, width: 1 } },
} as const;

export interface AxisRange {
  readonly min: number;
  readonly max: number;
  readonly interval: number;
}

/** A value axis with its name in the middle; on a range its ticks are labelled so that no two look alike. */
export function valueAxis(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const { min, max, interval } = more as Partial<AxisRange>;
  const formatter =
    typeof min === 'number' && typeof max === 'number' && typeof interval === 'number'
      ? { formatter: tickFormatter(ticksOf({ min, max, interval })) }
      : {};
  return {
    type: 'value',
    ...AXIS,
    name,
    nameLocation: 'middle',
    nameGap: 30,
    ...more,
    axisLabel: { ...AXIS.axisLabel, ...formatter, ...(more['axisLabel'] as object | undefined) },
  };
}

/** A round step of about `count` steps over the span: 1, 2 or 5 times a power of ten. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

const rounded = (value: number): number => Number(value.toPrecision(12));

/** Range of an axis around values, on round steps; within bounds that values cannot cross, e.g. 0 and 100 %. */
export function niceRange(
  values: Iterable<number>,
  count = 6,
  bounds: readonly [number, number] = [-Infinity, Infinity],
): AxisRange {
  const all = [...values].filter(Number.isFinite);
  if (all.length === 0) return { min: 0, max: 1, interval: 0.2 };
  const low = Math.max(bounds[0], smallest(all));
  const high = Math.min(bounds[1], largest(all));
  const interval = niceStep(high > low ? high - low : Math.abs(high) || 1, count);
  return {
    min: rounded(Math.floor(low / interval) * interval),
    max: rounded(Math.ceil(high / interval) * interval),
    interval,
  };
}

/** Bounds of a metric as it is drawn: percents end at 0 and 100, though a t interval may not. */
export function boundsOf(unit: Unit): readonly [number, number] {
  return unit === 'percent' ? [0, 100] : [-Infinity, Infinity];
}

function ticksOf({ min, max, interval }: AxisRange): number[] {
  const count = Math.min(100, Math.round((max - min) / interval));
  return Array.from({ length: count + 1 }, (_, i) => rounded(min + i * interval));
}

const SUFFIXES = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
] as const;

/** Writes ticks with as many digits as it takes to tell them apart: 296.5k 297k, not 297k 297k. */
export function tickFormatter(ticks: readonly number[]): (value: number) => string {
  const size = largest(ticks.map(Math.abs), 0);
  const step = smallest(
    ticks
      .slice(1)
      .map((tick, i) => Math.abs(tick - ticks[i]!))
      .filter((gap) => gap > 0),
    size || 1,
  );
  const minus = (text: string) => text.replace(/^-/, '\u2212');
  if (size > 0 && (size < 1e-4 || size >= 1e12)) {
    const digits = Math.max(0, Math.ceil(Math.log10(size / step)));
    return (value) => (value === 0 ? '0' : minus(value.toExponential(Math.min(6, digits)).replace(/\.?0*e\+?/, 'e')));
  }
  const [unit, suffix] = SUFFIXES.find(([limit]) => size >= 10 * limit && limit > 1) ?? [1, ''];
  const digits = Math.max(0, Math.min(10, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return (value) =>
    minus((value / unit).toFixed(digits))
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '') + suffix;
}

/** Ticks of a logarithmic axis: powers of ten, with 2 and 5 between them where that gives too few. */
export function logTicks(low: number, high: number, most = 6): number[] {
  for (const factors of [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const factor of factors) {
        const tick = Number(`${factor}e${power}`);
        if (tick >= low * 0.9999 && tick <= high * 1.0001) ticks.push(tick);
      }
    }
    if (ticks.length <= most && ticks.length >= 2) return ticks;
    if (factors.length === 1 && ticks.length > most) {
      const stride = Math.ceil(ticks.length / most);
      return ticks.filter((_, i) => i % stride === 0);
    }
  }
  return [low, high].map((value) => Number(value.toPrecision(2)));
}

/** A number as a person writes it: 0.0003, 16, 3e-7. */
export function writtenNumber(value: number): string {
  const short = Number(value.toPrecision(4));
  const size = Math.abs(short);
  return (
    size !== 0 && (size < 1e-4 || size >= 1e7) ? short.toExponential().replace('e+', 'e') : String(short)
  ).replace(/^-/, '\u2212');
}

export interface ScaleOptions {
  readonly log: boolean;
  readonly ticks: number;
  readonly bounds?: readonly [number, number];
}

/** An axis around values, linear or logarithmic, with ticks that differ from each other. */
export function scaleAxis(name: string, values: readonly number[], { log, ticks, bounds }: ScaleOptions) {
  if (!log) return valueAxis(name, { ...niceRange(values, ticks, bounds) });
  const low = smallest(values);
  const high = largest(values);
  const pad = high > low ? (high / low) ** 0.04 : 1.2;
  const marks = logTicks(low, high, ticks);
  return {
    ...valueAxis(name),
    type: 'log',
    min: low / pad,
    max: high * pad,
    axisLabel: { ...AXIS.axisLabel, customValues: marks, formatter: writtenNumber },
    axisTick: { customValues: marks, lineStyle: { color: RULE } },
    splitLine: { show: false },
  };
}

/** Whether values are better told apart on a logarithmic axis: they span much, and half of them lie close together at its low end. */
export function wantsLog(values: readonly number[]): boolean {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const low = sorted[0] ?? 0;
  const high = sorted.at(-1) ?? 0;
  if (low <= 0 || high / low < 16) return false;
  const median = sorted[(sorted.length - 1) >> 1]!;
  return median - low < 0.3 * (high - low);
}
