import { canonicalJson, type ComponentRegistry, type Json } from '@gmoe/core';
import {
  encodeExamples,
  taskKind,
  type EncodedExample,
  type EncodingOptions,
  type Split,
  type Task,
} from '@gmoe/datasets';
import { chatTemplateOf, type Tokenizer } from '@gmoe/model';
import { basePlace } from './base-choice.js';
import { baseVersion, taskVersion } from './contents.js';
import type { TrialConfig } from './trial-schema.js';

/** A task's examples as tokens of one base model. Splits are read when they are first asked for. */
export interface TaskData {
  readonly task: Task;
  split(name: Split): Promise<readonly EncodedExample[]>;
}

let last: { readonly key: string; readonly data: TaskData } | undefined;

/** Trials that a process runs one after the other share the data they have in common. */
export async function loadTaskData(
  config: TrialConfig,
  tokenizer: Tokenizer,
  components: ComponentRegistry,
): Promise<TaskData> {
  const task = components.build(taskKind, config.task);
  const key = canonicalJson([baseVersion(basePlace(config.base)), taskVersion(task), config.task as Json]);
  if (last?.key !== key) last = { key, data: await createTaskData(task, tokenizer) };
  return last.data;
}

async function createTaskData(task: Task, tokenizer: Tokenizer): Promise<TaskData> {
  await task.prepare?.();
  const encoding = encodingOf(task, tokenizer);
  const splits = new Map<Split, Promise<readonly EncodedExample[]>>();
  return {
    task,
    async split(name) {
      let examples = splits.get(name);
      if (!examples) {
        examples = encodeExamples(task.load(name), tokenizer, encoding);
        splits.set(name, examples);
        examples.catch(() => splits.delete(name));
      }
      return examples;
    },
  };
}

/** How a task's examples become tokens of a base model. @throws UserError if it lacks a chat template that is asked for */
export function encodingOf({ template, chat }: Task, tokenizer: Tokenizer): EncodingOptions {
  return { template, ...(chat ? { chat: chatTemplateOf(tokenizer), system: chat.system } : {}) };
}
