import { join } from 'node:path';
import { readRange, readTail } from '@gmoe/core';
import type { SweepStore } from '@gmoe/experiment';
import type { CurveAnswer, LogAnswer } from './ui-answers.js';

/** Bytes of events that one answer reads at most; the page asks again for the rest. */
const MOST_BYTES = 4 * 2 ** 20;
const LOG_BYTES = 16 * 2 ** 10;

/** The attempt to look at: the published one, else the latest. */
export function shownAttempt(store: SweepStore, hash: string): string | undefined {
  return store.readableResult(hash)?.attempt ?? store.attempts(hash).at(-1);
}

/** Points that an attempt logged since an offset; from the start where another attempt is shown now. */
export function curveSince(store: SweepStore, hash: string, since: { attempt: string; offset: number }): CurveAnswer {
  const attempt = shownAttempt(store, hash);
  if (attempt === undefined) return { attempt: null, offset: 0, points: {} };
  const from = attempt === since.attempt ? since.offset : 0;
  const text = readRange(join(store.trialFolder(hash), 'attempts', attempt, 'events.jsonl'), from, MOST_BYTES);
  const end = text.lastIndexOf(10) + 1;
  const points: Record<string, [number, number][]> = {};
  for (const line of text.subarray(0, end).toString('utf8').split('\n')) {
    const event = parsed(line);
    if (typeof event?.step !== 'number') continue;
    for (const [name, value] of Object.entries(event.metrics ?? {})) {
      if (typeof value === 'number') (points[name] ??= []).push([event.step, value]);
    }
  }
  return { attempt, offset: from + end, points };
}

/** Step of the last event of an attempt. */
export function lastStep(store: SweepStore, hash: string): number | null {
  const attempt = shownAttempt(store, hash);
  if (attempt === undefined) return null;
  const file = join(store.trialFolder(hash), 'attempts', attempt, 'events.jsonl');
  const lines = readTail(file, 16 * 2 ** 10).split('\n');
  for (const line of lines.reverse()) {
    const step = parsed(line)?.step;
    if (typeof step === 'number') return step;
  }
  return null;
}

/** The end of an attempt's log. */
export function logTail(store: SweepStore, hash: string): LogAnswer {
  const attempt = shownAttempt(store, hash);
  if (attempt === undefined) return { text: '' };
  return { text: readTail(join(store.trialFolder(hash), 'attempts', attempt, 'log.txt'), LOG_BYTES) };
}

function parsed(line: string): { step?: unknown; metrics?: Record<string, unknown> } | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as { step?: unknown });
  } catch {
    return undefined;
  }
}
