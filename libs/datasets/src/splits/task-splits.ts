import { UserError } from '@gmoe/core';
import type { Example, Split } from '../example.js';
import { rowError, type Row } from '../files/row.js';
import { keyedSample } from '../order/keyed-order.js';
import { drawShots, withShots } from '../prompting/shots.js';
import type { TaskOptions } from '../task.js';
import { carve } from './carved.js';
import { countRepeated, without } from './duplicates.js';
import type { PublishedSplit } from './layout.js';
import type { DropReason, SplitOrigin } from './split-origin.js';

/** What a row becomes. */
export type RowResult = Example | { readonly dropped: DropReason };

/** Where a task's rows come from and what becomes of them. */
export interface SplitSource {
  /** The rows of a published split; undefined if its files are not there. @throws UserError on malformed files */
  read(split: Split): PublishedSplit | undefined;
  /** Whether the split's files are there. */
  has(split: Split): boolean;
  /** The names that `read` looks for, and where; undefined if the split is not published. */
  expected(split: Split): string | undefined;
  /** @param index place of the row in its split, from 0 */
  toExample(row: Row, index: number): RowResult;
  /** What each split is to have examples of, where train is divided. */
  readonly classOf?: (example: Example) => unknown;
  /** Whether the files' order was drawn by a key, so that their first rows are a sample. */
  readonly inKeyedOrder?: () => boolean;
}

export interface TaskSplits {
  examples(split: Split): readonly Example[];
  origin(split: Split): SplitOrigin;
  /** How the splits came about, in words. */
  protocol(): string;
}

interface Held {
  readonly published: PublishedSplit;
  readonly examples: readonly Example[];
  readonly dropped: Partial<Record<DropReason, number>>;
}

/**
 * The splits of a task. A published test split with answers is the test split. Where there is none, the published dev split
 * is, and a tenth of train becomes dev; where there is no dev split either, another tenth of train becomes test. Examples
 * of train that occur in dev or test are left out of it.
 */
export function taskSplits(source: SplitSource, options: TaskOptions): TaskSplits {
  const held = once((split: Split) => read(source, split));
  const carved = once((withTest: boolean) => carve(held('train').examples, withTest, source.classOf));
  const testIs = (): Split | 'carved' => {
    if (source.has('test')) return 'test';
    return source.expected('dev') === undefined ? 'carved' : 'dev';
  };
  const devIs = (): 'dev' | 'carved' =>
    testIs() === 'test' && source.expected('dev') !== undefined ? 'dev' : 'carved';

  /** What is in a split before duplicates and limits. */
  const assigned = (split: Split): readonly Example[] => {
    if (split === 'test') {
      const from = testIs();
      return from === 'carved' ? carved(true).test : held(from).examples;
    }
    if (split === 'dev' && devIs() === 'dev') return held('dev').examples;
    if (split === 'dev' && testIs() === 'dev' && !source.has('dev')) held('dev');
    return devIs() === 'dev' ? held('train').examples : carved(testIs() === 'carved')[split];
  };
  const from = (split: Split): Split => {
    if (split === 'test') return testIs() === 'carved' ? 'train' : (testIs() as Split);
    return split === 'dev' ? (devIs() === 'dev' ? 'dev' : 'train') : 'train';
  };
  const prompted = (examples: readonly Example[]): readonly Example[] => {
    const { shots, shotsSeed = 0 } = options;
    if (shots === undefined) return examples;
    const pool = finished('train').examples;
    return examples.map((example) => withShots(example, drawShots(pool, shots, example.id, shotsSeed)));
  };
  const isThere = (split: Split): boolean => source.has(from(split));

  const finished = once((split: Split): { examples: readonly Example[]; origin: SplitOrigin } => {
    const all = assigned(split);
    const others = split === 'train' ? (['dev', 'test'] as const).filter(isThere).map(assigned) : [];
    const kept = without(all, others);
    if (kept.length === 0) {
      const lost = all.length > 0 ? `: all ${all.length} are in dev or test too` : '';
      throw new UserError(`task: the ${split} split has no example${lost}`);
    }
    const limit = { train: options.trainLimit, dev: options.devLimit, test: options.testLimit }[split] ?? null;
    const chosen = source.inKeyedOrder?.() ? kept.slice(0, limit ?? undefined) : keyedSample(kept, limit);
    const examples = split === 'train' ? chosen : prompted(chosen);
    const { published, dropped } = held(from(split));
    const lost = all.length - kept.length;
    // Rows without a question have no id to be carved by: they are counted with train.
    const own = from(split) === split || (split === 'test' && from(split) === 'dev');
    const droppedHere = {
      ...(own ? dropped : {}),
      ...(lost > 0 ? { 'also in dev or test': lost } : {}),
    };
    return {
      examples,
      origin: {
        files: published.files,
        encodings: published.encodings,
        rows: all.length + (own ? sum(dropped) : 0),
        dropped: droppedHere,
        repeated: countRepeated(kept),
        beyondLimit: kept.length - examples.length,
      },
    };
  });

  return {
    examples: (split) => finished(split).examples,
    origin: (split) => finished(split).origin,
    protocol() {
      if (testIs() === 'test') return devIs() === 'dev' ? 'splits as published' : 'a tenth of train as dev';
      if (testIs() === 'dev') return 'published dev split as test, a tenth of train as dev';
      return 'a tenth of train as dev, another as test';
    },
  };
}

function read(source: SplitSource, split: Split): Held {
  const published = source.read(split);
  if (!published) throw new UserError(source.expected(split) ?? `task: has no ${split} split`);
  const dropped: Partial<Record<DropReason, number>> = {};
  const examples: Example[] = [];
  const lines = new Map<string, Row>();
  published.rows.forEach((row, index) => {
    const result = source.toExample(row, index);
    if ('dropped' in result) {
      dropped[result.dropped] = (dropped[result.dropped] ?? 0) + 1;
      return;
    }
    const before = lines.get(result.id);
    if (before) throw rowError(row, 'id', `is that of line ${before.line} too; every row needs its own`, result.id);
    lines.set(result.id, row);
    examples.push(result);
  });
  return { published, examples, dropped };
}

const sum = (counts: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);

function once<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const values = new Map<Key, Value>();
  return (key) => {
    if (!values.has(key)) values.set(key, compute(key));
    return values.get(key)!;
  };
}
