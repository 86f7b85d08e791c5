import { createMoeLora, mixtureSchema } from '@gmoe/adapters-moe-lora';
import { coordinationKind } from '@gmoe/coordination-core';
import { families } from '@gmoe/families';
import { initWeights, parseModelConfig } from '@gmoe/model';
import { sgd } from '@gmoe/optimizers';
import { routerKind, selectorKind } from '@gmoe/routers-core';
import { constantSchedule } from '@gmoe/schedules';
import { createEngine, HostTensor, RandomKey } from '@gmoe/tensor';
import { trainableAdapter, train, trainingSchema } from '@gmoe/training';
import { expect, it } from 'vitest';
import { components } from './components.js';

const config = parseModelConfig(
  {
    model_type: 'llama',
    vocab_size: 11,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 1,
    num_attention_heads: 2,
  },
  families,
);
const key = RandomKey.fromSeed(8);
const weights = initWeights(config, key, 0.4);
const batch = {
  ids_BS: HostTensor.int([1, 2, 3, 4], [1, 4]),
  positions_BS: HostTensor.int([0, 1, 2, 3], [1, 4]),
  segments_BS: HostTensor.int([1, 1, 1, 1], [1, 4]),
  supervised_N: HostTensor.int([2]),
  targets_N: HostTensor.int([4]),
  weights_N: HostTensor.float([1]),
};

it('a coefficient follows its schedule, with accumulation too', async () => {
  const adapter = createMoeLora({
    config,
    lora: null,
    mixture: mixtureSchema.parse({ experts: 3, rank: 2 }),
    router: components.build(routerKind, { id: 'linear', std: 1 }),
    selector: components.build(selectorKind, { id: 'top-k' }),
    coordination: [
      components.build(coordinationKind, {
        id: 'z-loss',
        coefficient: 0.5,
        schedule: { id: 'linear', warmupSteps: 1, finalRatio: 0.2 },
      }),
    ],
  });
  for (const accumulate of [1, 2]) {
    const engine = await createEngine({ engine: 'eager', device: 'cpu' });
    const run = train({
      engine,
      model: trainableAdapter(weights, adapter, key),
      optimizer: sgd.create(),
      schedule: constantSchedule.create(),
      loop: trainingSchema.parse({ accumulate }),
      steps: 5,
      *batches() {
        for (;;) yield batch;
      },
      key,
    });
    const seen: number[] = [];
    for await (const event of run) {
      if (event.type !== 'step') continue;
      const { 'train/loss': loss, 'train/lm_loss': lm, 'train/aux/z-loss': aux } = event.metrics;
      seen.push((loss! - lm!) / aux!);
    }
    await engine.dispose();
    // 0.5 x (0, then 1 falling by 0.2 a step to 0.4, the last before 0.2)
    expect(seen).toEqual([0, 0.5, 0.4, 0.3, 0.2].map((value) => expect.closeTo(value, 5)));
  }
});
