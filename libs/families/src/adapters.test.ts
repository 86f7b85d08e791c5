import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decoderHidden,
  fusedRows,
  fuseWeights,
  loadWeights,
  storedShapes,
  writeSafetensors,
  type DecoderBatch,
  type DecoderHooks,
  type ModelConfig,
  type Weights,
} from '@gmoe/model';
import { createEngine, HostTensor, linear, RandomKey, tf, type Engine } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batchOf, GOLDENS, loadGolden } from './testing/golden.js';

let engine: Engine;
let dir: string;
beforeAll(async () => {
  engine = await createEngine({ engine: 'eager', device: 'cpu' });
  dir = await mkdtemp(join(tmpdir(), 'gmoe-families-'));
});
afterAll(async () => {
  await engine.dispose();
  await rm(dir, { recursive: true });
});

const hiddenOf = async (config: ModelConfig, weights: Record<string, HostTensor>, hooks?: DecoderHooks) => {
  const program = engine.jit((w: Weights, batch: DecoderBatch) => decoderHidden(config, w, batch, hooks), {
    name: 'hidden',
    frozen: weights,
  });
  return (await program(batchOf([3, 9, 4, 7, 5]))).data;
};

it.each(['gemma2', 'stablelm', 'olmo2', 'granite', 'phi3'])(
  '%s: what replaces its FFN has its projections and gate',
  async (name) => {
    const { config, weights } = await loadGolden(name);
    const same: DecoderHooks = { ffn: (_, x, { gate, up, down, glu }) => down(glu(gate(x), up(x))) };
    expect(relativeError(await hiddenOf(config, weights, same), await hiddenOf(config, weights))).toBeLessThan(1e-6);
  },
);

it.each(['gemma2', 'stablelm', 'olmo2', 'granite', 'phi3', 'qwen3'])(
  '%s: the last layer on some tokens alone gives their rows',
  async (name) => {
    const { config, weights } = await loadGolden(name);
    const rows = [4, 2];
    const program = engine.jit(
      (w: Weights, batch: DecoderBatch, rows_N: tf.Tensor1D) => ({
        all: decoderHidden(config, w, batch),
        some: decoderHidden(config, w, batch, {}, { rows_N }),
        linear: decoderHidden(config, w, batch, { linear: (_, x, base) => base(x) }, { rows_N }),
        ffn: decoderHidden(
          config,
          w,
          batch,
          { ffn: (_, x, { gate, up, down, glu }) => down(glu(gate(x), up(x))) },
          { rows_N },
        ),
        asked: decoderHidden(config, w, batch, {}, { rows_N: tf.tensor1d([4, 3, 2, 1, 0], 'int32') }),
      }),
      { name: 'rows', frozen: weights },
    );
    const { all, asked, ...others } = await program(batchOf([3, 9, 4, 7, 5]), HostTensor.int(Int32Array.from(rows)));
    const width = config.hiddenSize;
    const want = rows.flatMap((row) => Array.from(all.data.slice(row * width, (row + 1) * width)));
    for (const [which, { data }] of Object.entries(others)) expect(relativeError(data, want), which).toBeLessThan(1e-6);
    const turned = [4, 3, 2, 1, 0].flatMap((row) => Array.from(all.data.slice(row * width, (row + 1) * width)));
    expect(relativeError(asked.data, turned)).toBeLessThan(1e-6);
  },
);

it('an update of one part of a fused projection is that of its rows in the file', async () => {
  const { config, weights } = await loadGolden('phi3');
  const delta = RandomKey.fromSeed(4).normal([8, 16], 0, 0.2);
  const path = 'model.layers.1.self_attn.k_proj.weight';
  const hooks: DecoderHooks = {
    linear: ({ layer, name }, x, base) =>
      layer === 1 && name === 'k_proj' ? base(x).add(linear(x, tf.tensor2d(Array.from(delta.data), [8, 16]))) : base(x),
  };
  const merged = {
    ...weights,
    [path]: new HostTensor(
      weights[path]!.data.map((w, i) => w + delta.data[i]!),
      [8, 16],
    ),
  };
  const stored = fuseWeights(config, merged);
  expect(Object.keys(stored).sort()).toEqual([...storedShapes(config).keys()].sort());
  expect(fusedRows(config).get(path)).toEqual({
    name: 'model.layers.1.self_attn.qkv_proj.weight',
    first: 16,
    count: 8,
  });
  await writeSafetensors(join(dir, 'model.safetensors'), stored);
  // Parts of float32 files stay in the file, as rows of it.
  const mapped = await loadWeights(dir, config, { mapFrom: 0, copies: join(dir, 'copies') });
  expect(mapped[path]!.file?.path).toContain('model.safetensors');
  expect(Array.from(mapped[path]!.data)).toEqual(Array.from(merged[path]!.data));
  const [viaHook, viaFile] = [await hiddenOf(config, weights, hooks), await hiddenOf(config, mapped)];
  expect(relativeError(viaFile, viaHook)).toBeLessThan(1e-5);
  expect(relativeError(viaFile, await hiddenOf(config, weights))).toBeGreaterThan(1e-2);
});

it('parts of 16-bit files are widened into the copy one by one', async () => {
  const { config, weights } = await loadGolden('phi3');
  const widened = await loadWeights(join(GOLDENS, 'phi3'), config, { mapFrom: 0, copies: join(dir, 'copies') });
  for (const [name, tensor] of Object.entries(weights)) {
    expect(widened[name]!.file?.path, name).toContain('copies');
    expect(widened[name]!.shape).toEqual(tensor.shape);
    expect(Array.from(widened[name]!.data), name).toEqual(Array.from(tensor.data));
  }
});
