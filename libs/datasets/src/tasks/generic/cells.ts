import { parseJson } from '@gmoe/core';
import { rowError, type Row } from '../../files/row.js';
import { LETTERS } from '../choices.js';
import type { Labels } from './file-options.js';

/** The value of a column; dots lead into nested values, unless a column has the whole name. */
export function cell({ values }: Row, column: string): unknown {
  if (column in values) return values[column];
  return column
    .split('.')
    .reduce<unknown>(
      (node, key) =>
        typeof node === 'object' && node !== null ? (node as Readonly<Record<string, unknown>>)[key] : undefined,
      values,
    );
}

/** A column as text. @throws UserError naming file, line, column and value */
export function textCell(row: Row, column: string): string {
  const value = cell(row, column);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const known = Object.keys(row.values).join(', ');
  if (value === undefined) throw rowError(row, column, `no such column; the row has ${known}`, undefined);
  throw rowError(row, column, 'must be text or a number', value);
}

/** The choices of a question, with labels of their own where the file has them. */
export interface Choices {
  readonly texts: readonly string[];
  readonly keys?: readonly string[];
}

/**
 * Choices from several columns, or from one that holds a list of texts or numbers, a list of `{label, text}`, or
 * `{label: [], text: []}` (ARC and others on the Hugging Face hub); a list may be written as JSON inside of CSV. Columns that
 * are empty at the end are no choices: questions of one file may have three to five.
 * @throws UserError naming file, line, column and value
 */
export function choiceCells(row: Row, columns: string | readonly string[]): Choices {
  if (typeof columns !== 'string') {
    const cells = columns.map((each) => (cell(row, each) === null ? '' : textCell(row, each)));
    const filled = cells.findLastIndex((text) => text.trim() !== '') + 1;
    return atLeastTwo(row, columns.join(', '), cells.slice(0, filled));
  }
  const stored = cell(row, columns);
  const value = typeof stored === 'string' ? fromJson(stored) : stored;
  if (value === undefined || value === null) {
    const python = typeof stored === 'string' && /^\s*[[{(].*'.*[\]})]\s*$/s.test(stored);
    const how = python ? ': this one was written by Python; write it with json.dumps' : '';
    throw rowError(row, columns, `must hold a list of choices, in CSV as JSON${how}`, stored);
  }
  const { text, label } = value as { text?: unknown; label?: unknown };
  const listed = asTexts(text);
  if (listed) return atLeastTwo(row, columns, listed, asTexts(label));
  const plain = asTexts(value);
  if (plain) return atLeastTwo(row, columns, plain);
  if (Array.isArray(value)) {
    const each = value as ({ text?: unknown; label?: unknown } | null)[];
    const texts = asTexts(each.map((one) => one?.text));
    if (texts) return atLeastTwo(row, columns, texts, asTexts(each.map((one) => one?.label)));
  }
  throw rowError(row, columns, 'must hold a list of texts, or of {label, text}', stored);
}

function atLeastTwo(row: Row, column: string, texts: readonly string[], keys?: readonly string[]): Choices {
  if (texts.length < 2 || texts.length > LETTERS.length) {
    throw rowError(row, column, `must hold 2 to ${LETTERS.length} choices`, texts);
  }
  return { texts, ...(keys?.length === texts.length ? { keys } : {}) };
}

/** The right option's index. @throws UserError naming file, line, column, value and what is allowed */
export function labelCell(row: Row, column: string, labels: Labels, { texts, keys }: Choices): number {
  const value = textCell(row, column).trim();
  const letters = keys ?? [...LETTERS.slice(0, texts.length)];
  const index = {
    text: () => texts.findIndex((text) => text.trim() === value),
    letter: () => {
      const place = placeOf(value, letters);
      return place >= 0 ? place : writtenLetter(value, letters, texts);
    },
    'zero-based': () => numbered(value, 0, texts.length),
    'one-based': () => numbered(value, 1, texts.length),
  }[labels]();
  if (index >= 0) return index;
  const allowed = {
    text: () => `one of ${texts.map((each) => each.trim()).join(', ')}`,
    letter: () => `one of ${letters.join(', ')}`,
    'zero-based': () => `0 to ${texts.length - 1}`,
    'one-based': () => `1 to ${texts.length}`,
  }[labels]();
  throw rowError(row, column, `must be ${allowed} (labels: ${labels})`, value);
}

function numbered(value: string, first: number, count: number): number {
  const index = Number(value) - first;
  return value !== '' && Number.isInteger(index) && index >= 0 && index < count ? index : -1;
}

function placeOf(value: string, letters: readonly string[]): number {
  const place = letters.indexOf(value);
  return place >= 0 ? place : letters.map((each) => each.toLowerCase()).indexOf(value.toLowerCase());
}

/** The place of a letter as people write it: `(B)`, `B.`, `B)`, `B:`, and `B. text` where the text is that choice's. */
function writtenLetter(value: string, letters: readonly string[], texts: readonly string[]): number {
  const [, letter, text] = /^[([]?(\w+)[)\].:]+(?:\s+(.+))?$/s.exec(value) ?? [];
  const place = letter === undefined ? -1 : placeOf(letter, letters);
  return text === undefined || (place >= 0 && texts[place]!.trim() === text.trim()) ? place : -1;
}

/** A list of texts or numbers as texts; undefined for anything else. */
function asTexts(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const plain = value.every((each) => ['string', 'number', 'boolean'].includes(typeof each));
  return plain ? value.map(String) : undefined;
}

function fromJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
