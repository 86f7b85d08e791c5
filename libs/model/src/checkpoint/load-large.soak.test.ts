import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostTensor, RandomKey, sizeOf } from '@gmoe/tensor';
import { expect, it } from 'vitest';
import { parseModelConfig } from '../family/model-family.js';
import { testFamilies } from '../testing/test-families.js';
import { countParameters, weightShapes } from '../config/weight-shapes.js';
import { loadWeights } from './load-model.js';
import { writeSafetensors } from './safetensors-writer.js';

/** Qwen2.5-0.5B */
const config = parseModelConfig(
  {
    model_type: 'qwen2',
    vocab_size: 151936,
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    rope_theta: 1e6,
    max_position_embeddings: 32768,
    tie_word_embeddings: true,
  },
  testFamilies,
);

it.each(['F16', 'F32'] as const)(
  'a 0.5 B model in %s loads in seconds and peaks below 1.5 times its fp32 size',
  async (floats) => {
    const dir = await mkdtemp(join(tmpdir(), 'gmoe-large-'));
    try {
      const noise = RandomKey.fromSeed(1).normal([1 << 20], 0, 0.02).data as Float32Array;
      await (async () => {
        // Every tensor is a view of one array, so that building the file takes little memory itself.
        const values = new Float32Array(151936 * 896);
        for (let at = 0; at < values.length; at += noise.length) values.set(noise.subarray(0, values.length - at), at);
        const tensors = Object.fromEntries(
          [...weightShapes(config)].map(([name, shape]) => [
            name,
            new HostTensor(values.subarray(0, sizeOf(shape)), shape),
          ]),
        );
        await writeSafetensors(join(dir, 'model.safetensors'), tensors, { floats });
      })();
      const before = process.memoryUsage().rss;
      let peak = 0;
      const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
      const start = process.cpuUsage();
      const weights = await loadWeights(dir, config, { copies: join(dir, 'copies') });
      const used = process.cpuUsage(start);
      // Processor time: what the clock shows depends on the disk and on who else is running.
      const seconds = (used.user + used.system) / 1e6;
      clearInterval(watch);
      const fp32 = 4 * countParameters(config);
      process.stdout.write(
        `${floats}: ${seconds.toFixed(1)} s of processor time, peak ${(peak / 1e9).toFixed(2)} GB (before ${(before / 1e9).toFixed(2)}) for ${(fp32 / 1e9).toFixed(2)} GB\n`,
      );
      expect(weights['model.norm.weight']!.data[1]).toBeCloseTo(noise[1]!, 4);
      expect(peak).toBeLessThan(1.5 * fp32);
      expect(seconds).toBeLessThan(20);
    } finally {
      await rm(dir, { recursive: true });
    }
  },
  600_000,
);
