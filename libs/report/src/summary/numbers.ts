import type { Interval } from '../statistics/index.js';
import type { Unit } from './metric-catalog.js';

const MINUS = '\u2212';

function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** Four significant digits at most, no exponent below a million. */
function plain(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace('-', MINUS);
  return fixed(value, Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(size)))));
}

/** 1234567 as `1.23 M`, in so many significant digits. */
export function formatCount(value: number, digits = 3): string {
  for (const [size, letter] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${(value / size).toPrecision(digits)} ${letter}`;
  }
  return String(Math.round(value));
}

/** Digits, three to five, in which all counts that differ are written differently: 296.52 k and 296.54 k. Three if five are too few. */
export function digitsApart(counts: readonly number[]): number {
  const different = new Set(counts.map(Math.round)).size;
  const apart = (digits: number) => new Set(counts.map((count) => formatCount(count, digits))).size === different;
  return [3, 4, 5].find(apart) ?? 3;
}

/** Seconds as `41 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatSeconds(value: number): string {
  if (value < 10) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 120) return `${whole} s`;
  const pad = (n: number) => String(n).padStart(2, '0');
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.round((whole % 3600) / 60) % 60)} min`;
}

/** A value in its unit; percent without the sign, which stands in the heading. */
export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case 'percent':
      return fixed(100 * value, 1);
    case 'nats':
    case 'share':
      return fixed(value, 3);
    case 'seconds':
      return formatSeconds(value);
    case 'count':
    case 'per-second':
      return formatCount(value);
    case 'plain':
      return plain(value);
  }
}

/** The sign of the unit for headings, e.g. `%`. */
export function unitLabel(unit: Unit): string {
  return { percent: '%', nats: 'nats', share: '0–1', seconds: '', count: '', 'per-second': 'tokens/s', plain: '' }[
    unit
  ];
}

/** A value with its unit in running text: `54.2 %`. */
export function formatWithUnit(value: number, unit: Unit): string {
  const label = unit === 'percent' ? ' %' : unit === 'nats' ? ' nats' : unit === 'per-second' ? ' tokens/s' : '';
  return formatValue(value, unit) + label;
}

/** A difference with its sign; percent become points. */
export function formatDifference(value: number, unit: Unit): string {
  const text = formatValue(value, unit);
  return value > 0 ? `+${text}` : text;
}

/** Unit of a difference in running text. */
export function differenceUnit(unit: Unit): string {
  return unit === 'percent' ? ' points' : unit === 'nats' ? ' nats' : unit === 'per-second' ? ' tokens/s' : '';
}

/** `[+0.4, +3.2]` */
export function formatInterval(interval: Interval, unit: Unit, signed = false): string {
  const show = signed ? formatDifference : formatValue;
  return `[${show(interval.low, unit)}, ${show(interval.high, unit)}]`;
}

/** `0.012`, `< 0.001`. */
export function formatP(p: number): string {
  if (p < 0.001) return '< 0.001';
  return p < 0.1 ? p.toPrecision(2) : p.toFixed(2);
}
