import { readFileSync } from 'node:fs';
import { testChecks } from '@gmoe/core/testing';
import {
  activation,
  decoderHidden,
  decoderLogits,
  defineFamily,
  familyContract,
  loadModel,
  positive,
  type DecoderBatch,
  type Weights,
} from '@gmoe/model';
import { createEngine, HostTensor } from '@gmoe/tensor';
import { expect, it } from 'vitest';
import { families } from './index.js';

const shoutFamily = defineFamily({
  modelType: 'shout',
  description: 'Llama with loud embeddings',
  architecture: 'ShoutForCausalLM',
  defaults: { max_position_embeddings: 2048 },
  rope: { base: 500_000 },
  fields: { hidden_act: activation('silu'), rms_norm_eps: positive.default(1e-6), loudness: positive.default(2) },
  describe: ({ hidden_act, rms_norm_eps, loudness }) => ({
    activation: hidden_act,
    normEpsilon: rms_norm_eps,
    embeddingScale: loudness,
  }),
});

testChecks("README's family keeps the contract", familyContract.checks(shoutFamily));

it("README's family is the one of this test", () => {
  const [readme, here] = ['../README.md', './readme.test.ts'].map((path) =>
    readFileSync(new URL(path, import.meta.url), 'utf8'),
  );
  const definition = /const shoutFamily = [\s\S]*?\n\}\);\n/.exec(here!)![0];
  expect(readme).toContain(definition);
});

it("the example of libs/model's README gives logits", async () => {
  const { config, weights } = await loadModel('models/openstax-2m', families);
  const engine = await createEngine({ engine: 'compiled' });
  const program = engine.jit(
    (w: Weights, batch: DecoderBatch) => decoderLogits(config, w, decoderHidden(config, w, batch)),
    { name: 'logits', frozen: weights },
  );
  const row = (data: number[]) => HostTensor.int(data, [1, 3]);
  const logits = await program({ ids_BS: row([5, 6, 7]), positions_BS: row([0, 1, 2]), segments_BS: row([1, 1, 1]) });
  expect(logits.shape).toEqual([3, config.vocabSize]);
  await engine.dispose();
});
