import { canonicalJson, type Json } from '@gmoe/core';
import { isChoice, taskKind, type Example } from '@gmoe/datasets';
import type { PlannedTrial } from '@gmoe/experiment';
import type { PageOptions } from '@gmoe/report';
import { components, schema } from './components.js';

/**
 * Texts of the test examples of a sweep's tasks, for its report. A report needs none: where a task's data are not on this machine, its
 * questions go by their ids.
 *
 * @param configs the resolved config of each trial, where it could be read
 */
export async function reportQuestions(
  configs: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Promise<PageOptions['questionOf']> {
  const byTask = new Map<string, Promise<ReadonlyMap<string, Example>>>();
  const byTrial = new Map<string, ReadonlyMap<string, Example>>();
  for (const [hash, config] of configs) {
    const key = canonicalJson((config['task'] ?? null) as Json);
    let examples = byTask.get(key);
    if (!examples) byTask.set(key, (examples = testExamples(config)));
    byTrial.set(hash, await examples);
  }
  return (id: string, trial: PlannedTrial) => {
    const example = byTrial.get(trial.hash)?.get(id);
    return example && isChoice(example) ? { prompt: example.prompt, options: example.options } : undefined;
  };
}

async function testExamples(config: Readonly<Record<string, unknown>>): Promise<ReadonlyMap<string, Example>> {
  try {
    const task = components.build(taskKind, schema.resolve(config as never).task);
    await task.prepare?.();
    return new Map(task.load('test').map((example) => [example.id, example]));
  } catch {
    return new Map();
  }
}
