import type { Json } from '@gmoe/core';
import { stableHash, type ComponentRegistry, largest } from '@gmoe/core';
import { isText, type EncodedExample } from '@gmoe/datasets';
import { createEvaluator } from '@gmoe/evaluation';
import { FORMAT_VERSION, type Baseline } from '@gmoe/experiment';
import type { Engine } from '@gmoe/tensor';
import { baseLabel, storedWeights } from './base-choice.js';
import { loadBase } from './base-model.js';
import { scoringOf } from './scoring.js';
import { trialContents } from './contents.js';
import { loadTaskData } from './task-data.js';
import type { TrialConfig } from './trial-schema.js';

/** What the numbers of a baseline depend on. */
export function baselineKey(config: TrialConfig, components: ComponentRegistry): string {
  const { base, compute, task, evaluation } = config;
  return stableHash({
    contents: trialContents(config, components),
    ...(compute === 'float32' ? {} : { compute }),
    ...(storedWeights(base) === 'float32' ? {} : { weights: storedWeights(base) }),
    task: task as Json,
    evaluation: evaluation as Json,
  });
}

/** Scores the untouched base model on the test split, beside chance and the most frequent answer. */
export async function measureBaseline(
  config: TrialConfig,
  engine: Engine,
  components: ComponentRegistry,
): Promise<Baseline> {
  const base = await loadBase(config.base, components, config.compute);
  const data = await loadTaskData(config, base.tokenizer, components);
  const items = await data.split('test');
  const evaluator = createEvaluator(engine, base, items, scoringOf(config, components), config.evaluation);
  try {
    const { metrics } = await evaluator.evaluate({ trainable: {}, buffers: {} });
    return {
      formatVersion: FORMAT_VERSION,
      key: baselineKey(config, components),
      task: config.task.id,
      base: baseLabel(config.base),
      metrics,
      ...guessing(items),
    };
  } finally {
    await evaluator.dispose();
  }
}

/** What guessing among options gives; nothing where there are none. */
function guessing(items: readonly EncodedExample[]): Pick<Baseline, 'chance' | 'majority'> {
  const questions = items.flatMap((item) => (isText(item) ? [] : [item]));
  if (questions.length === 0) return {};
  const frequency = new Map<number, number>();
  for (const { gold } of questions) frequency.set(gold, (frequency.get(gold) ?? 0) + 1);
  return {
    chance: questions.reduce((sum, { optionIds }) => sum + 1 / optionIds.length, 0) / questions.length,
    majority: largest(frequency.values()) / questions.length,
  };
}
