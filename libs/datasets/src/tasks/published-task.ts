import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { z } from 'zod';
import { bundledDataDir } from '../bundled/bundled-data.js';
import { SPLITS } from '../example.js';
import type { Row } from '../files/row.js';
import { namesOf, pathsOf, presentLayout, readPublished, type Layout } from '../splits/layout.js';
import { taskSplits, type RowResult, type SplitSource } from '../splits/task-splits.js';
import { defineTask, type Task, type TaskDefinition, type TaskOptions } from '../task.js';

/** A data set as its authors publish it. */
export interface PublishedTask<Schema extends z.ZodType<TaskOptions>> {
  readonly id: string;
  readonly kind: Task['kind'];
  readonly classes?: readonly string[];
  readonly options: Schema;
  /** The copy that comes with the framework; without one, `dataDir` must name the files' folder. */
  readonly bundled?: { readonly folder: string; readonly licence: string };
  /** The forms in which it is published. */
  readonly layouts: readonly [Layout, ...Layout[]];
  /** @param index place of the row in its split, from 0 */
  readonly toExample: (row: Row, index: number, options: z.output<Schema>) => RowResult;
}

/** The task of a published data set, bundled or read from a folder. */
export function publishedTask<Schema extends z.ZodType<TaskOptions>>(set: PublishedTask<Schema>): TaskDefinition {
  return defineTask({
    id: set.id,
    bundled: set.bundled !== undefined,
    options: set.options,
    create(options): Task {
      const splits = taskSplits(sourceOf(set, options), options);
      return {
        id: set.id,
        kind: set.kind,
        ...(set.classes ? { classes: set.classes } : {}),
        get source() {
          const { bundled } = set;
          const place = options.dataDir ?? (bundled ? `bundled, ${bundled.licence}` : 'not bundled');
          return `${place}; ${splits.protocol()}`;
        },
        load: (split) => splits.examples(split),
        origin: (split) => splits.origin(split),
      };
    },
  });
}

function sourceOf<Schema extends z.ZodType<TaskOptions>>(
  { id, layouts, bundled, toExample }: PublishedTask<Schema>,
  options: z.output<Schema>,
): SplitSource {
  let found: { folder: string; layout: Layout } | undefined;
  const place = () => (found ??= locate());
  const locate = () => {
    const folder = options.dataDir ?? (bundled ? join(bundledDataDir(), bundled.folder) : undefined);
    if (folder === undefined) {
      const names = SPLITS.flatMap((split) => namesOf(layouts, split) || []).join('; ');
      throw new UserError(
        `task.dataDir: '${id}' is not bundled: name the folder that holds its files (--data DIR): ${names}`,
      );
    }
    if (!existsSync(folder)) throw new UserError(`task.dataDir: ${folder}: no such folder`);
    return { folder, layout: presentLayout(folder, layouts) };
  };
  const paths = (split: 'train' | 'dev' | 'test') => pathsOf(place().folder, place().layout, split);
  return {
    has: (split) => paths(split) !== undefined,
    read(split) {
      const files = paths(split);
      return files && readPublished(files, place().layout);
    },
    expected(split) {
      if (!place().layout.files[split]) return undefined;
      return `${place().folder}: none of these files is there: ${namesOf(layouts, split)}`;
    },
    toExample: (row, index) => toExample(row, index, options),
  };
}
