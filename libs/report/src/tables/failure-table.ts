import type { SweepSummary } from '../summary/index.js';
import { textCell, type Table } from './table.js';

/** Trials that failed, and why; no rows if none did. */
export function failureTable(summary: SweepSummary): Table {
  const { missing } = summary.trials;
  return {
    id: 'failures',
    title: 'Failures',
    columns: [
      { heading: 'Arm', align: 'left' },
      { heading: 'Seed', align: 'right' },
      { heading: 'Kind', align: 'left' },
      { heading: 'Reason', align: 'left' },
      { heading: 'Trial', align: 'left' },
    ],
    rows: summary.failures.map(({ arm, seed, kind, message, hash, attempts }) => [
      textCell('arm', arm),
      { text: String(seed), data: { seed } },
      { text: kind, data: { kind, attempts } },
      textCell('message', message),
      { text: hash.slice(0, 8), data: { hash } },
    ]),
    notes: missing === 0 ? [] : [missingNote(missing)],
  };
}

function missingNote(count: number): string {
  return count === 1
    ? '1 trial has no result: it waits, runs, or was lost.'
    : `${count} trials have no result: they wait, run, or were lost.`;
}
