import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError, type Applicability } from '@gmoe/core';
import type { z } from 'zod';
import { bundledDataDir } from '../bundled/bundled-data.js';
import { isChoice, SPLITS, type Example, type Split } from '../example.js';
import type { Row } from '../files/row.js';
import { hubFiles, readHubSplit, type HubLayout } from '../splits/hub-files.js';
import {
  foldersWith,
  namesOf,
  pathsOf,
  presentLayout,
  readPublished,
  type Layout,
  type PublishedSplit,
} from '../splits/layout.js';
import { taskSplits, type RowResult, type SplitSource } from '../splits/task-splits.js';
import {
  asksThroughChat,
  defineTask,
  taskApplicability,
  type Task,
  type TaskComponent,
  type TaskOptions,
} from '../task.js';

/** A data set as its authors publish it. */
export interface PublishedTask<Schema extends z.ZodObject & z.ZodType<TaskOptions>> {
  readonly id: string;
  /** One line. */
  readonly description: string;
  readonly kind: Task['kind'];
  /** Names of the classes; classification only. */
  readonly classes?: readonly string[] | ((options: z.output<Schema>) => readonly string[]);
  readonly options: Schema;
  /** The copy that comes with the framework; without one, `dataDir` must name the files' folder. */
  readonly bundled?: {
    readonly folder: string;
    readonly licence: string;
    /** Whether the order of its rows was drawn by a key, so that a limit may take the first ones. */
    readonly inKeyedOrder?: boolean;
  };
  /** The forms in which it is published. */
  readonly layouts: readonly [Layout, ...Layout[]];
  /** How the Hugging Face hub has it, where it does. */
  readonly hub?: HubLayout;
  /** @param index place of the row in its split, from 0 */
  readonly toExample: (row: Row, index: number, options: z.output<Schema>) => RowResult;
}

/** The task of a published data set, bundled or read from a folder. */
export function publishedTask<Schema extends z.ZodObject & z.ZodType<TaskOptions>>(
  set: PublishedTask<Schema>,
): TaskComponent {
  return defineTask({
    id: set.id,
    description: set.description,
    bundled: set.bundled !== undefined,
    options: set.options,
    // Where a task has both, the harness's prompts settle how the model answers.
    appliesWhen: {
      ...taskApplicability,
      ...('style' in set.options.shape && 'answers' in set.options.shape
        ? { answers: { style: [undefined, 'authors'] } }
        : {}),
    } as Applicability<z.output<Schema>>,
    create(options): Task {
      const { prepare, files, ...source } = sourceOf(set, options);
      const splits = taskSplits(source, options);
      const classes = typeof set.classes === 'function' ? set.classes(options) : set.classes;
      return {
        id: set.id,
        kind: set.kind,
        ...(classes ? { classes } : {}),
        ...asksThroughChat(options),
        get source() {
          const { bundled } = set;
          const place = options.dataDir ?? (bundled ? `bundled, ${bundled.licence}` : 'not bundled');
          return `${place}; ${splits.protocol()}`;
        },
        files,
        prepare,
        load: (split) => splits.examples(split),
        origin: (split) => splits.origin(split),
      };
    },
  });
}

interface Place {
  readonly folder: string;
  /** How its text files are read; absent for the hub's parquet files. */
  readonly layout?: Layout;
  readonly parquet?: Partial<Record<Split, string[]>>;
}

function sourceOf<Schema extends z.ZodObject & z.ZodType<TaskOptions>>(
  set: PublishedTask<Schema>,
  options: z.output<Schema>,
): SplitSource & { prepare(): Promise<void>; files(): string[] } {
  const { layouts, hub = {} } = set;
  let found: Place | undefined;
  const place = () => (found ??= locate(set, options.dataDir));
  const read = new Map<Split, PublishedSplit>();
  const paths = (split: Split) => {
    const { folder, layout, parquet } = place();
    return layout ? pathsOf(folder, layout, split) : parquet![split];
  };
  return {
    files: () => SPLITS.flatMap((split) => paths(split) ?? []),
    async prepare() {
      for (const [split, files] of Object.entries(place().parquet ?? {}) as [Split, string[]][]) {
        if (!read.has(split)) read.set(split, await readHubSplit(files, hub));
      }
    },
    has: (split) => paths(split) !== undefined,
    read(split) {
      const files = paths(split);
      const { layout } = place();
      if (!files || layout) return files && readPublished(files, layout!);
      const published = read.get(split);
      if (!published) throw new Error(`${set.id}: prepare() must be awaited before parquet rows are asked for`);
      return published;
    },
    expected(split) {
      const { folder, layout, parquet } = place();
      // Which splits the hub publishes is known by what is there.
      if (!layout) return split === 'train' || parquet![split] ? `${folder}: has no train-*.parquet` : undefined;
      if (!layout.files[split]) return undefined;
      return `${folder}: none of these files is there: ${namesOf(layouts, split)}`;
    },
    toExample: (row, index) => set.toExample(row, index, options),
    ...(set.kind === 'classification' ? { classOf: (example: Example) => isChoice(example) && example.answer } : {}),
    inKeyedOrder: () => options.dataDir === null && set.bundled?.inKeyedOrder === true,
  };
}

/** Where a data set's files are: in the folder, in one below it (an unpacked archive), or as the hub has them. */
function locate<Schema extends z.ZodObject & z.ZodType<TaskOptions>>(
  { id, layouts, bundled, hub }: PublishedTask<Schema>,
  dataDir: string | null,
): Place {
  const names = SPLITS.map((split) => namesOf(layouts, split)).filter((each) => each !== '');
  const folder = dataDir ?? (bundled ? join(bundledDataDir(), bundled.folder) : undefined);
  if (folder === undefined) {
    throw new UserError(
      `task.dataDir: '${id}' is not bundled: name the folder that holds its files (--data DIR): ${names.join('; ')}`,
    );
  }
  if (!existsSync(folder)) throw new UserError(`task.dataDir: ${folder}: no such folder`);
  const parquet = hub && hubFiles(folder, hub);
  if (parquet && !presentLayout(folder, layouts)) return { folder, parquet };
  const folders = foldersWith(folder, layouts);
  if (folders.length > 1) {
    throw new UserError(
      `task.dataDir: ${folder}: several folders below it have files of '${id}': ${folders.join(', ')}; name one`,
    );
  }
  const [home = folder] = folders;
  return { folder: home, layout: presentLayout(home, layouts) ?? layouts[0] };
}
