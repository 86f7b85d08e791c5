import { fixedAdapter } from '@gmoe/adapters-core';
import { routerKind, selectorKind } from '@gmoe/routers-core';
import { createMoeLora, mixtureSchema } from '@gmoe/adapters-moe-lora';
import { loraSchema } from '@gmoe/adapters-lora';
import { families } from '@gmoe/families';
import {
  createGenerator,
  decoderHidden,
  decoderLogits,
  initWeights,
  parseModelConfig,
  type DecoderBatch,
  type Weights,
} from '@gmoe/model';
import { createEngine, HostTensor, RandomKey, tf, type Engine } from '@gmoe/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { components } from './components.js';

const config = parseModelConfig(
  {
    model_type: 'llama',
    vocab_size: 31,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 64,
  },
  families,
);
const key = RandomKey.fromSeed(12);
const weights = initWeights(config, key, 0.3);
const PROMPT = [3, 14, 15, 9, 26, 5];
const WRITTEN = 16;
const LENGTH = PROMPT.length + WRITTEN;

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(() => engine.dispose());

const cases = components
  .all(routerKind)
  .flatMap((router) => (['ffn', 'additive'] as const).map((form) => [router.id, form] as const));

const graph = { width: 8, density: 0.3 };
/** Graphs as small as the model. */
const SMALL: Readonly<Record<string, object>> = { graph, centred: { router: { id: 'graph', ...graph } } };

it.each(cases)(
  'a mixture with router %s, form %s, writes through the cache what the whole forward pass gives',
  async (id, form) => {
    const selector = components.get(selectorKind, 'top-k');
    const lora = loraSchema.parse({ rank: 2 });
    const mixture = mixtureSchema.parse({ experts: 5, rank: 2, alpha: 4, form });
    const adapter = createMoeLora({
      config,
      lora,
      mixture,
      router: components.build(routerKind, components.resolveChoice(routerKind, { id, ...SMALL[id] })),
      selector: selector.create({ k: 2 }),
    });
    const drawn = adapter.init(key, weights);
    // B starts at zero, where a mixture adds nothing.
    const trainable = Object.fromEntries(
      Object.entries(drawn.trainable).map(([name, tensor]) => [
        name,
        name.includes('lora_B') ? key.fold(name).normal(tensor.shape, 0, 0.5) : tensor,
      ]),
    );
    const fixed = fixedAdapter(adapter, { ...drawn, trainable });
    const generator = createGenerator(engine, { config, weights, adapter: fixed });
    const ids = await generator.generate(PROMPT, { maxTokens: WRITTEN });
    await generator.dispose();

    const program = engine.jit(
      (frozen: { weights: Weights; adapter: Record<string, tf.Tensor> }, batch: DecoderBatch) => {
        const mask_T = tf.cast(batch.segments_BS, 'float32').reshape<tf.Tensor1D>([LENGTH]);
        const hooks = fixed.bind(frozen.adapter, mask_T);
        return decoderLogits(config, frozen.weights, decoderHidden(config, frozen.weights, batch, hooks));
      },
      { name: 'whole', frozen: { weights, adapter: fixed.tensors } },
    );
    const row = (of: (i: number) => number) =>
      HostTensor.int(
        Array.from({ length: LENGTH }, (_, i) => of(i)),
        [1, LENGTH],
      );
    const whole = [...PROMPT];
    while (whole.length < LENGTH) {
      const logits = await program({
        ids_BS: row((i) => whole[i] ?? 0),
        positions_BS: row((i) => i),
        segments_BS: row((i) => (i < whole.length ? 1 : 0)),
      });
      const last = logits.data.subarray((whole.length - 1) * 31, whole.length * 31);
      whole.push(last.indexOf(Math.max(...last)));
    }
    await program.dispose();
    expect(ids).toEqual(whole.slice(PROMPT.length));
    expect(new Set(ids).size).toBeGreaterThan(2);
  },
);
