import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterStart, loadAdapter, saveAdapter, type Adapter, type AdapterFile } from '@gmoe/adapters-core';
import { forwardAndGradients, peftBase, peftGoldens, peftTensors } from '@gmoe/adapters-core/testing';
import { loraSchema } from '@gmoe/adapters-lora';
import { parseOptions } from '@gmoe/core';
import { RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { createDora } from './index.js';

type Base = Awaited<ReturnType<typeof peftBase>>;

async function attach(dir: string, base: Base): Promise<{ adapter: Adapter; file: AdapterFile }> {
  const file = await loadAdapter(dir);
  const { id, ...written } = file.description.adapter;
  expect(id).toBe('dora');
  return { adapter: createDora(parseOptions(loraSchema, written, id), base.config), file };
}

const start = (adapter: Adapter, base: Base, file: AdapterFile) =>
  adapterStart(adapter, adapter.init(RandomKey.fromSeed(0), base.weights), file);

describe('DoRA and PEFT', () => {
  it.each(['compiled', 'eager'] as const)(
    "PEFT's adapter has PEFT's logits, loss and gradients, %s",
    async (engine) => {
      const base = await peftBase('base-bias');
      const { adapter, file } = await attach(join(peftGoldens, 'dora'), base);
      const golden = await peftTensors('dora');
      const tensors = start(adapter, base, file);
      const got = await forwardAndGradients(engine, adapter, base.weights, tensors, golden['ids']!);
      expect(relativeError(got.logits.data, golden['logits']!.data)).toBeLessThan(1e-5);
      expect(Math.abs(got.loss.item() / golden['loss']!.item() - 1)).toBeLessThan(1e-5);
      expect(Object.keys(got.gradients)).toHaveLength(2 * 7 * 3);
      for (const [key, gradient] of Object.entries(got.gradients)) {
        expect(relativeError(gradient.data, golden[`grad.${key}`]!.data), key).toBeLessThan(1e-4);
      }
    },
  );

  it("an adapter written here is the one that PEFT loaded, and gives PEFT's logits", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dora-'));
    try {
      const base = await peftBase('base-bias');
      const options = loraSchema.parse({ rank: 2, alpha: 6, targets: ['q_proj', 'down_proj'], layers: [1] });
      const adapter = createDora(options, base.config);
      const drawn = adapter.init(RandomKey.fromSeed(4), base.weights);
      const trainable = Object.fromEntries(
        Object.entries(drawn.trainable).map(([key, tensor]) => [
          key,
          key.includes('magnitude') ? tensor : RandomKey.fromSeed(8).fold(key).normal(tensor.shape, 0, 0.4),
        ]),
      );
      const description = {
        adapter: { id: 'dora', ...options },
        router: null,
        coordination: [],
        components: [],
        baseModel: null,
      };
      const target = process.env['GMOE_UPDATE_GOLDENS'] ? join(peftGoldens, 'ours-dora') : folder;
      await saveAdapter(target, adapter, { description, tensors: { ...drawn, trainable } });
      for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
        const want = await readFile(join(peftGoldens, 'ours-dora', file));
        expect((await readFile(join(target, file))).equals(want)).toBe(true);
      }
      const again = await attach(target, base);
      const want = (await peftTensors('ours-dora-logits'))['logits']!;
      const ids = (await peftTensors('theirs'))['ids']!;
      const tensors = start(again.adapter, base, again.file);
      const got = await forwardAndGradients('eager', again.adapter, base.weights, tensors, ids);
      expect(relativeError(got.logits.data, want.data)).toBeLessThan(1e-5);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
