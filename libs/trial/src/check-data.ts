import { didYouMean, UserError, type ComponentRegistry } from '@gmoe/core';
import type { Split } from '@gmoe/datasets';
import { checkedItems, itemKind } from '@gmoe/evaluation';
import { familiesOf, loadModelConfig, loadTokenizer } from '@gmoe/model';
import { basePlace } from './base-choice.js';
import { baseDir } from './base-path.js';
import { checkNamedDomains } from './named-domains.js';
import { checkPositions } from './positions.js';
import { scoringOf } from './scoring.js';
import { loadTaskData } from './task-data.js';
import type { TrialConfig } from './trial-schema.js';

/**
 * Reads the data of a trial as its base's tokenizer does, without the base's weights, and checks what would else be found out
 * after training: that the files are there and hold what they should, that the base has positions for them, that the scoring can score
 * them, and that it gives the metrics that decide about the best checkpoint and about stopping.
 * @throws UserError saying what does not fit
 */
export async function checkTrialData(
  config: TrialConfig,
  components: ComponentRegistry,
  { stoppingMetric }: { readonly stoppingMetric?: string | undefined } = {},
): Promise<void> {
  const dir = await baseDir(basePlace(config.base));
  const data = await loadTaskData(config, await loadTokenizer(dir), components);
  const scoring = scoringOf(config, components);
  const { evalEvery, best } = config.training;
  const scored: readonly Split[] = evalEvery === null ? ['test'] : ['dev', 'test'];
  checkNamedDomains(config, components, data.task.load('train'));
  for (const split of scored) checkedItems(await data.split(split), scoring, config.evaluation);
  const model = await loadModelConfig(dir, familiesOf(components));
  for (const split of ['train', ...scored] as const) {
    const section = split === 'train' ? 'training' : 'evaluation';
    const length = config[section].sequenceLength;
    await checkPositions(model, { field: `${section}.sequenceLength`, length, examples: () => data.split(split) });
  }
  const [first] = await data.split('test');
  if (evalEvery === null || !first) return;
  const known = scoring.metrics(itemKind(first));
  const deciding = { 'training.best.metric': best.metric, 'stopping.metric': stoppingMetric ?? best.metric };
  for (const [field, metric] of Object.entries(deciding)) {
    if (known.includes(metric) || metric.startsWith('routing/')) continue;
    throw new UserError(
      `${field}: evaluation.scoring '${scoring.id}' does not give it; ${didYouMean(metric, known)}known: ${known.join(', ')} (got ${JSON.stringify(metric)})`,
    );
  }
}
