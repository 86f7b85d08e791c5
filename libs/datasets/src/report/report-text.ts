import { largest } from '@gmoe/core';
import type { DataReport, SplitReport } from './data-report.js';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A data report for a terminal. */
export function reportText({ task, kind, source, sequenceLength, splits, missing }: DataReport): string {
  const heading = [
    'split',
    'rows',
    'examples',
    'dropped',
    'tokens mean',
    'max',
    'truncated',
    'chance',
    'majority',
    'sha256',
  ];
  const rows = splits.map((split) => [
    split.split,
    String(split.rows),
    String(split.examples),
    String(dropped(split)),
    split.tokens.mean.toFixed(1),
    String(split.tokens.max),
    String(split.tokens.truncated),
    split.chance === undefined ? '' : percent(split.chance),
    split.majority === undefined ? '' : percent(split.majority),
    split.sha256.slice(0, 16),
  ]);
  const widths = heading.map((name, i) =>
    largest(
      rows.map((row) => row[i]!.length),
      name.length,
    ),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((text, i) => (i === 0 || i === heading.length - 1 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [
    `${task} (${kind}): ${source}`,
    `truncated: longer than ${sequenceLength} tokens, the prompt loses its beginning`,
    line(heading),
    ...rows.map(line),
    ...splits.flatMap(notes),
    ...missing.map(({ split, reason }) => `${split}: cannot be read: ${reason}`),
    '',
  ].join('\n');
}

function dropped({ dropped: reasons }: SplitReport): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}

function notes(report: SplitReport): string[] {
  const { split, files, encodings, dropped: reasons, repeated, beyondLimit, examples, balance, options } = report;
  const read = encodings.length > 0 ? `${files.join(' + ')} (${encodings.join(', ')})` : files.join(' + ');
  const counted = [
    ...Object.entries(reasons).map(([reason, count]) => `${count} dropped (${reason})`),
    ...(repeated > 0 ? [`${repeated} repeated within the split, kept`] : []),
    ...(beyondLimit > 0 ? [`${beyondLimit} beyond the limit`] : []),
  ];
  const answers = Object.entries(balance).map(([name, count]) => `${name} ${percent(count / examples)}`);
  const several = Object.entries(options ?? {}).map(([size, count]) => `${count} of ${size} options`);
  return [
    `${split}: ${[read, ...counted, ...several].join('; ')}`,
    ...(answers.length > 0 ? [`${split}: answers ${answers.join(', ')}`] : []),
  ];
}
