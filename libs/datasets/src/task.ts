import { componentKind, pathField, defineComponent, type Component, type ComponentDefinition } from '@gmoe/core';
import { z } from 'zod';
import type { Example, Split } from './example.js';
import type { SplitOrigin } from './splits/split-origin.js';

/** A task: examples by split, and what is known of them. */
export interface Task<Of extends Example = Example> {
  readonly id: string;
  /** Whether every example has the same options (classes) or its own, or is a text or conversation without options. */
  readonly kind: 'classification' | 'multiple-choice' | 'text';
  /** Names of the classes, in the order of the options; classification only. */
  readonly classes?: readonly string[];
  /** Where the examples of a split come from, in words: file or bundled, and licence. */
  readonly source: string;
  /** The user's own prompt template, where the task has one. */
  readonly template?: string;
  /** Whether the examples are asked through the model's chat template, and what its system turn says. */
  readonly chat?: { readonly system?: string };
  /** The files that the examples come from, of all splits; some may be missing. Their contents identify the data; absent where there are none. */
  files?(): readonly string[];
  /** Reads what cannot be read at once (parquet); where it is there, it is awaited before anything else is asked. */
  prepare?(): Promise<void>;
  /** The examples of a split, in a fixed order, within the limits. @throws UserError on a missing or malformed file */
  load(split: Split): readonly Of[];
  /** What became of the rows of a split's files. @throws UserError as `load` */
  origin(split: Split): SplitOrigin;
}

const limit = (split: string) =>
  z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(`examples of the ${split} split to use, a sample drawn by their ids; null = all`);

/** Options that every task has. */
export const taskOptions = z.strictObject({
  trainLimit: limit('train'),
  devLimit: limit('dev'),
  testLimit: limit('test'),
  dataDir: pathField()
    .nullable()
    .default(null)
    .describe("folder with the task's official files, as published; null = the bundled copy"),
  shots: z
    .int()
    .min(1)
    .optional()
    .describe('answered examples of train before each prompt of dev and test, drawn by its id; default: none'),
  shotsSeed: z.int().min(0).optional().describe('another seed, other shots; default 0'),
  chatTemplate: z
    .boolean()
    .optional()
    .describe("whether prompts are the user's turn of the base model's chat template, and answers the assistant's"),
  system: z.string().min(1).optional().describe('what the system turn says; default: none, or as the template has it'),
});
export type TaskOptions = z.output<typeof taskOptions>;

/** Beside what other options those of every task mean something. */
export const taskApplicability = {
  shotsSeed: { shots: 'set' },
  system: { chatTemplate: [true] },
} as const;

/** How a task with these options is asked, as part of the task. */
export function asksThroughChat({
  chatTemplate,
  system,
}: Pick<TaskOptions, 'chatTemplate' | 'system'>): Pick<Task, 'chat'> {
  return chatTemplate ? { chat: system === undefined ? {} : { system } } : {};
}

export const taskKind = componentKind<Task>('task');

/** A task's component. */
export interface TaskComponent extends Component<Task> {
  /** Whether its data come with the framework, so that every option has a default. */
  readonly bundled: boolean;
}

/** A component of kind task. */
export function defineTask<Schema extends z.ZodObject>({
  bundled,
  ...definition
}: ComponentDefinition<Task, Schema> & { readonly bundled: boolean }): TaskComponent {
  return { ...defineComponent(taskKind, definition), bundled };
}
