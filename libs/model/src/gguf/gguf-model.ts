import { UserError } from '@gmoe/core';
import type { GgufFile } from './gguf-file.js';

/** A GGUF file's fields without their architecture's prefix. */
export interface GgufModel {
  readonly file: GgufFile;
  readonly architecture: string;
  /** P, width of one head. */
  readonly headSize: number;
  number(field: string): number | undefined;
  /** As `number`. @throws UserError where it is missing */
  need(field: string): number;
  flag(field: string): boolean | undefined;
  hasTensor(name: string): boolean;
}

const SIZES = [
  'context_length',
  'embedding_length',
  'block_count',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
];

export function ggufModel(file: GgufFile, architecture: string): GgufModel {
  const { metadata, tensors } = file;
  const key = (field: string): string => `${architecture}.${field}`;
  const need = (field: string): number => metadata.need(key(field));
  const number = (field: string): number | undefined => metadata.number(key(field));
  for (const field of SIZES) {
    const size = field === 'attention.head_count_kv' ? (number(field) ?? 1) : need(field);
    if (Number.isInteger(size) && size > 0) continue;
    throw new UserError(`${file.path}: ${key(field)}: must be a whole number above 0 (got ${size})`);
  }
  const [width, heads] = [need('embedding_length'), need('attention.head_count')];
  const headSize = number('attention.key_length') ?? width / heads;
  if (!Number.isInteger(headSize) || headSize < 1) {
    throw new UserError(
      `${file.path}: ${key('attention.head_count')}: ${heads} heads do not divide a width of ${width}`,
    );
  }
  return {
    file,
    architecture,
    headSize,
    number,
    need,
    flag: (field) => metadata.flag(key(field)),
    hasTensor: (name) => tensors.has(name),
  };
}

/** The shortest decimal that is this float32: 1e-5, not 0.000009999999747378752. */
export function round32(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
