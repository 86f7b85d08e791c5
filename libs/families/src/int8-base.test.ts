import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decoderHidden,
  decoderLogits,
  loadWeights,
  sitePaths,
  weightsFor,
  type DecoderBatch,
  type ModelConfig,
  type Weights,
} from '@gmoe/model';
import { crossEntropy, HostTensor, INT8_SUFFIX, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batchOf, GOLDENS, loadGolden } from './testing/golden.js';

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'gmoe-int8-'))));
afterAll(() => rm(root, { recursive: true }));

type Named = Readonly<Record<string, HostTensor>>;

/** The matrices as the floats that their 8 bits stand for: `W[o, i] = scale[o] q[o, i]`. */
function dequantized(config: ModelConfig, stored: Named): Named {
  const floats = Object.fromEntries(Object.entries(stored).filter(([name]) => !name.includes('.int8')));
  for (const path of sitePaths(config)) {
    const name = `${path}.weight`;
    const [q, scale] = [stored[name + INT8_SUFFIX.rows]!, stored[name + INT8_SUFFIX.scale]!];
    const columns = q.shape[1]!;
    const values = Array.from(q.data, (value, i) => value * scale.data[Math.floor(i / columns)]!);
    floats[name] = HostTensor.float(values, q.shape);
  }
  return floats;
}

/** Logits, and the loss's gradient by the first norm and the embeddings, which goes back through every matrix. */
const programOf = (config: ModelConfig) => (w: Weights, batch: DecoderBatch) => {
  const [norm, embeddings] = ['model.layers.0.input_layernorm.weight', 'model.embed_tokens.weight'];
  const names = [...(w[norm] ? [norm] : []), embeddings];
  const length = batch.ids_BS.shape[1];
  const targets = batch.ids_BS.reshape<tf.Tensor1D>([length]).slice<tf.Tensor1D>([1], [length - 1]);
  const logitsOf = (...tensors: tf.Tensor[]) => {
    const weights = { ...w, ...Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) };
    return decoderLogits(config, weights, decoderHidden(config, weights, batch));
  };
  const lossOf = (...tensors: tf.Tensor[]): tf.Scalar =>
    crossEntropy(logitsOf(...tensors).slice<tf.Tensor2D>([0, 0], [length - 1, -1]), targets).mean();
  const held = names.map((name) => w[name]!);
  return { logits: logitsOf(...held), gradients: tf.grads(lossOf)(held) };
};

it.each(['llama', 'phi3', 'gemma2', 'stablelm'])(
  '%s with weights in 8 bits, from a file, has the logits and gradients of the floats that they stand for',
  async (name) => {
    const { config, expected } = await loadGolden(name);
    const stored = await loadWeights(join(GOLDENS, name), config, { weights: 'int8', mapFrom: 0, copies: root });
    expect(Object.values(stored).every(({ file, dtype }) => file ?? dtype === 'float32')).toBe(true);
    const batch = batchOf(expected.ids.slice(0, 10));
    const program = programOf(config);
    const exact = await onBothEngines(program, dequantized(config, stored), [batch]);
    const got = await onBothEngines(program, stored, [batch]);
    for (const engine of ['compiled', 'eager'] as const) {
      expect(relativeError(got[engine].logits.data, exact.compiled.logits.data)).toBeLessThan(1e-5);
      got[engine].gradients.forEach((gradient, i) =>
        expect(relativeError(gradient.data, exact.compiled.gradients[i]!.data)).toBeLessThan(1e-4),
      );
    }
    // And 8 bits stand for nearly the same model.
    const drift = relativeError(got.compiled.logits.data, expected.short);
    expect(drift).toBeGreaterThan(1e-6);
    expect(drift).toBeLessThan(0.1);
  },
);

it.each(['int8-forward', 'int8'] as const)('compute %s reads it from files as from memory', async (compute) => {
  const { config, expected } = await loadGolden('llama');
  const load = (mapFrom: number) =>
    loadWeights(join(GOLDENS, 'llama'), config, { weights: 'int8', mapFrom, copies: root });
  const batch = batchOf(expected.ids.slice(0, 10));
  const [mapped, held] = await Promise.all([
    weightsFor(compute, config, await load(0)),
    weightsFor(compute, config, await load(Infinity)),
  ]);
  const fromFile = await onBothEngines(programOf(config), mapped, [batch]);
  const inMemory = await onBothEngines(programOf(config), held, [batch]);
  for (const engine of ['compiled', 'eager'] as const) {
    expect(fromFile[engine].logits.data).toEqual(inMemory[engine].logits.data);
    fromFile[engine].gradients.forEach((gradient, i) =>
      expect(relativeError(gradient.data, inMemory[engine].gradients[i]!.data)).toBeLessThan(1e-6),
    );
  }
  expect(relativeError(fromFile.compiled.logits.data, fromFile.eager.logits.data)).toBeLessThan(0.02);
});
