import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  createGenerator,
  decoderHidden,
  decoderLogits,
  fuseWeights,
  type DecoderBatch,
  type Weights,
} from '@gmoe/model';
import { createEngine, crossEntropy, tf, type Engine, type HostTensor } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { familyComponents } from './index.js';
import { batchOf, GOLDENS, loadGolden } from './testing/golden.js';
import { familiesTable, withFamiliesTable } from './testing/families-table.js';
import { REFUSED_VALUES } from './testing/refusals.js';

const DOCUMENT = fileURLToPath(new URL('../../../docs/checkpoints.md', import.meta.url));
const names = readdirSync(GOLDENS).sort();
/** What is written through the cache departs most where keys are rotated late, or layers differ. */
const GENERATED = names.filter((name) => /longrope|dynamic|mixed|smollm3|gemma3|mistral$/.test(name));

/** Labels of the models that were found equal, by family. */
const equal = new Map<string, string[]>();

describe('families', () => {
  let compiled: Engine;
  let eager: Engine;
  beforeAll(async () => {
    compiled = await createEngine({ engine: 'compiled' });
    eager = await createEngine({ engine: 'eager', device: 'cpu' });
  });
  afterAll(async () => {
    await compiled.dispose();
    await eager.dispose();
  });

  describe.each(names)('%s', (name) => {
    it('has the logits, loss and gradients of transformers', async () => {
      const { config, weights, expected } = await loadGolden(name);
      const logitsOf = (w: Weights, batch: DecoderBatch): tf.Tensor2D =>
        decoderLogits(config, w, decoderHidden(config, w, batch));
      const short = batchOf(expected.ids.slice(0, expected.short.length / config.vocabSize));
      const trained = compiled.jit(
        (_: object, w: Weights, batch: DecoderBatch) => lossAndGradients(logitsOf, w, batch),
        {
          name,
          frozen: {},
        },
      );
      const { logits, loss, gradients } = await trained(weights, short);
      expect(relativeError(logits.data, expected.short)).toBeLessThan(1e-5);
      expect(Math.abs(loss.item() - expected.loss) / expected.loss).toBeLessThan(1e-6);
      const norms = storedNorms(fuseWeights(config, gradients));
      expect(Object.keys(norms).sort()).toEqual(Object.keys(expected.gradientNorms).sort());
      for (const [tensor, norm] of Object.entries(expected.gradientNorms)) {
        expect(Math.abs(norms[tensor]! - norm) / norm, tensor).toBeLessThan(1e-4);
      }
      const whole = await compiled.jit(logitsOf, { name, frozen: weights })(batchOf(expected.ids));
      expect(relativeError(whole.data.slice(-expected.long.length), expected.long)).toBeLessThan(1e-5);
      if (!name.includes('-rope-')) {
        const plain = await eager.jit(logitsOf, { name, frozen: weights })(short);
        expect(relativeError(plain.data, expected.short)).toBeLessThan(1e-5);
      }
      equal.set(config.family, [...(equal.get(config.family) ?? []), expected.label]);
    });
  });

  describe.each(GENERATED)('%s', (name) => {
    it('writes through the cache what transformers writes without one', async () => {
      const { config, weights, expected } = await loadGolden(name);
      const generator = createGenerator(compiled, { config, weights });
      const prompt = expected.ids.slice(0, expected.short.length / config.vocabSize);
      const written = await generator.generate(prompt, { maxTokens: expected.greedy.length });
      expect(written).toEqual(expected.greedy.slice(0, config.maxPositions - prompt.length));
      await generator.dispose();
    });
  });

  it('docs/checkpoints.md has the table of what was found (vitest -u writes it)', async () => {
    const table = familiesTable(familyComponents, equal, REFUSED_VALUES);
    await expect(withFamiliesTable(await readFile(DOCUMENT, 'utf8'), table)).toMatchFileSnapshot(DOCUMENT);
  });
});

function lossAndGradients(
  logitsOf: (weights: Weights, batch: DecoderBatch) => tf.Tensor2D,
  weights: Weights,
  batch: DecoderBatch,
) {
  const names = Object.keys(weights);
  const length = batch.ids_BS.shape[1];
  const targets = batch.ids_BS.reshape<tf.Tensor1D>([length]).slice<tf.Tensor1D>([1], [length - 1]);
  let logits: tf.Tensor2D | undefined;
  const lossOf = (...tensors: tf.Tensor[]): tf.Scalar => {
    logits = tf.keep(logitsOf(Object.fromEntries(names.map((name, i) => [name, tensors[i]!])), batch));
    return crossEntropy(logits.slice<tf.Tensor2D>([0, 0], [length - 1, -1]), targets).mean();
  };
  const { value, grads } = tf.valueAndGrads(lossOf)(Object.values(weights));
  return { logits: logits!, loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
}

function storedNorms(gradients: Readonly<Record<string, HostTensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(gradients).map(([name, { data }]) => [name, Math.hypot(...data)]));
}
