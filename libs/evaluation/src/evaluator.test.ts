import { decoderHidden, decoderLogits, initWeights, type ModelConfig } from '@gmoe/model';
import { createAdapter, mixtureSchema, type AdapterSettings } from '@gmoe/adapters-moe-lora';
import { createEngine, type Engine, HostTensor, linear, oneHot, RandomKey, tf, topKIds } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEvaluator, createPerplexity, evaluationSchema, type EvaluationItem } from './index.js';

const config: ModelConfig = {
  family: 'llama',
  vocabSize: 17,
  hiddenSize: 8,
  ffnSize: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  normEpsilon: 1e-6,
  ropeBase: 10_000,
  maxPositions: 64,
  tiedEmbeddings: false,
  qkvBias: false,
  outputBias: false,
  ffnBias: false,
  qkNorm: false,
};
const weights = initWeights(config, RandomKey.fromSeed(5), 0.5);
const key = RandomKey.fromSeed(9);

/** Items of many lengths; options of one to three tokens with distinct first tokens. */
const items: EvaluationItem[] = Array.from({ length: 23 }, (_, i) => {
  const draw = (name: string, count: number) => Array.from(key.fold(i).fold(name).words(count), (word) => word % 17);
  const first = [...key.fold(i).fold('first').permutation(17)];
  const optionIds = Array.from({ length: 2 + (i % 3) }, (_, o) => [first[o]!, ...draw(`o${o}`, (i + o) % 3)]);
  return {
    id: `item-${i}`,
    promptIds: draw('prompt', 1 + ((i * 7) % 11)),
    optionIds,
    optionCharacters: optionIds.map((ids) => 2 * ids.length + 1),
    gold: i % optionIds.length,
  };
});

/** Log-probability of a continuation by the decoder on one unpacked sequence. */
function naive(prompt: readonly number[], option: readonly number[]): number {
  return tf.tidy(() => {
    const ids = [...prompt, ...option];
    const tensors = Object.fromEntries(
      Object.entries(weights).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    const row = (values: number[]) => tf.tensor2d([values], undefined, 'int32');
    const batch = { ids_BS: row(ids), positions_BS: row(ids.map((_, i) => i)), segments_BS: row(ids.map(() => 1)) };
    const logProbs = tf
      .logSoftmax(decoderLogits(config, tensors, decoderHidden(config, tensors, batch)))
      .arraySync() as number[][];
    return option.reduce((sum, id, i) => sum + logProbs[prompt.length - 1 + i]![id]!, 0);
  });
}

describe('evaluation against one unpacked sequence at a time', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    await tf.setBackend('cpu');
  });
  afterAll(() => engine.dispose());
  const none = { trainable: {}, carried: {} };
  const shape = { batchSize: 2, sequenceLength: 16 };

  it('label-token: scores, predictions, loss', async () => {
    const evaluator = createEvaluator(engine, { config, weights }, items, evaluationSchema.parse(shape));
    for (let repeat = 0; repeat < 2; repeat++) {
      const { predictions, metrics } = await evaluator.evaluate(none);
      let loss = 0;
      let hits = 0;
      items.forEach((item, i) => {
        const want = item.optionIds.map((ids) => naive(item.promptIds, ids.slice(0, 1)));
        want.forEach((value, o) => expect(Math.abs(predictions[i]!.scores[o]! - value)).toBeLessThan(1e-5));
        expect(predictions[i]).toMatchObject({
          id: item.id,
          gold: item.gold,
          predicted: want.indexOf(Math.max(...want)),
        });
        loss -= want[item.gold]! / items.length;
        hits += Number(want.indexOf(Math.max(...want)) === item.gold);
      });
      expect(metrics['eval/loss']).toBeCloseTo(loss, 5);
      expect(metrics['eval/accuracy']).toBeCloseTo(hits / items.length, 12);
      expect(metrics['eval/truncated']).toBe(0);
    }
  });

  it('log-likelihood: summed and length-normalised', async () => {
    const options = { ...shape, scoring: 'log-likelihood' };
    const sum = await createEvaluator(engine, { config, weights }, items, evaluationSchema.parse(options)).evaluate(
      none,
    );
    const norm = await createEvaluator(
      engine,
      { config, weights },
      items,
      evaluationSchema.parse({ ...options, normalize: 'characters' }),
    ).evaluate(none);
    items.forEach((item, i) => {
      item.optionIds.forEach((ids, o) => {
        const want = naive(item.promptIds, ids);
        expect(Math.abs(sum.predictions[i]!.scores[o]! - want)).toBeLessThan(2e-5);
        expect(Math.abs(norm.predictions[i]!.scores[o]! - want / item.optionCharacters[o]!)).toBeLessThan(2e-5);
      });
    });
    expect(sum.metrics['eval/accuracy_norm']).toBe(norm.metrics['eval/accuracy']);
  });

  it('a long prompt keeps its end and is counted', async () => {
    const promptIds = Array.from({ length: 20 }, (_, i) => (i * 5) % 17);
    const long = [{ ...items[0]!, promptIds }];
    const { predictions, metrics } = await createEvaluator(
      engine,
      { config, weights },
      long,
      evaluationSchema.parse(shape),
    ).evaluate(none);
    expect(metrics['eval/truncated']).toBe(1);
    expect(predictions[0]!.scores[0]).toBeCloseTo(naive(promptIds.slice(4), items[0]!.optionIds[0]!.slice(0, 1)), 4);
  });

  it('refuses options that label-token scoring cannot tell apart', () => {
    const same = [
      {
        ...items[0]!,
        optionIds: [
          [3, 1],
          [3, 2],
        ],
        optionCharacters: [2, 2],
      },
    ];
    expect(() => createEvaluator(engine, { config, weights }, same, evaluationSchema.parse(shape))).toThrow(
      /item-0: two options start with the same token/,
    );
  });

  it('load by domain is the load of each domain scored alone', async () => {
    const router: NonNullable<AdapterSettings['router']> = {
      id: 'toy',
      init: (drawn, { experts, modelWidth }) => ({
        trainable: { weight: drawn.normal([experts, modelWidth]) },
        frozen: {},
        state: {},
        warnings: [],
      }),
      route({ trainable }, x_TD) {
        const logits_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D);
        return { logits_TE, probs_TE: tf.softmax(logits_TE) };
      },
    };
    const top1: NonNullable<AdapterSettings['selector']> = {
      id: 'top-1',
      slots: () => 1,
      select({ probs_TE }) {
        const ids_TK = topKIds(probs_TE, 1);
        const mask_TE = oneHot(ids_TK, probs_TE.shape[1]).sum<tf.Tensor2D>(1);
        return { ids_TK, weights_TK: tf.onesLike(ids_TK).cast('float32'), mask_TE, gates_TE: mask_TE };
      },
    };
    const adapter = createAdapter({
      config,
      lora: null,
      mixture: mixtureSchema.parse({ experts: 3, rank: 2 }),
      router,
      selector: top1,
    });
    const init = adapter.init(key);
    const model = { config, weights, adapter, adapterFrozen: init.frozen };
    const tensors = { trainable: init.trainable, carried: init.state };
    const options = evaluationSchema.parse(shape);
    const labelled = items.map((item, i) =>
      i % 5 === 4 ? item : { ...item, domain: i % 3 === 0 ? 'physics' : 'history' },
    );
    const all = await createEvaluator(engine, model, labelled, options).evaluate(tensors);
    expect(all.domains).toEqual(['history', 'physics']);
    for (const [index, domain] of all.domains!.entries()) {
      const alone = await createEvaluator(
        engine,
        model,
        labelled.filter((item) => 'domain' in item && item.domain === domain),
        options,
      ).evaluate(tensors);
      alone.load!.forEach((layer, l) =>
        layer.forEach((share, e) => expect(all.domainLoad![l]![index]![e]!).toBeCloseTo(share, 6)),
      );
    }
    const tokens = items.reduce((sum, { promptIds }) => sum + promptIds.length, 0);
    all.load!.forEach((layer) => {
      expect(layer.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
      layer.forEach((share) => expect(Math.abs(share * tokens - Math.round(share * tokens))).toBeLessThan(1e-3));
    });
    expect(all.metrics['routing/max_share']).toBe(Math.max(...all.load!.flat()));
  });

  it('perplexity equals the sum over unpacked sequences', async () => {
    const rows = [
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9],
    ];
    const ids = [...rows[0]!, ...rows[1]!, 0, 0];
    const batch = {
      ids_BS: HostTensor.int(ids, [1, 11]),
      positions_BS: HostTensor.int([0, 1, 2, 3, 4, 5, 0, 1, 2, 0, 0], [1, 11]),
      segments_BS: HostTensor.int([1, 1, 1, 1, 1, 1, 2, 2, 2, 0, 0], [1, 11]),
      supervised_N: HostTensor.int([0, 1, 2, 3, 4, 6, 7, 0]),
      targets_N: HostTensor.int([2, 3, 4, 5, 6, 8, 9, 0]),
      weights_N: HostTensor.float([1, 1, 1, 1, 1, 1, 1, 0]),
    };
    const result = await createPerplexity(engine, { config, weights }).score(none, [batch]);
    const nats = -rows.reduce((sum, row) => sum + naive(row.slice(0, 1), row.slice(1)), 0);
    expect(result.tokens).toBe(7);
    expect(Math.abs(result.nats - nats)).toBeLessThan(1e-4);
    expect(result.bitsPerToken).toBeCloseTo(nats / 7 / Math.LN2, 4);
  });
});
