import { decoderHidden } from '@gmoe/model';
import { createAdapter, mixtureSchema, type AdapterSettings } from '@gmoe/adapters-moe-lora';
import { routingMetrics } from '@gmoe/routing-diagnostics';
import { createEngine, type Engine, HostTensor, linear, oneHot, takeAlongLast, tf, topKIds } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEvaluator, createPerplexity, evaluationSchema, type EvaluationItem } from './index.js';
import { planScoring } from './score-items.js';
import { config, items, key, naive, weights } from './testing/tiny-model.js';

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

  it('log-likelihood: a prompt is computed once for five long options, and again for each where a row is too short', async () => {
    const promptIds = Array.from({ length: 9 }, (_, i) => (i * 7 + 3) % 17);
    const optionIds = Array.from({ length: 5 }, (_, o) =>
      Array.from({ length: 2 + o }, (_, i) => (o * 3 + i * 5) % 17),
    );
    const item = { id: 'five', promptIds, optionIds, optionCharacters: optionIds.map(() => 1), gold: 4 };
    const score = (sequenceLength: number) =>
      createEvaluator(
        engine,
        { config, weights },
        [item],
        evaluationSchema.parse({ batchSize: 2, sequenceLength, scoring: 'log-likelihood' }),
      ).evaluate(none);
    const want = optionIds.map((ids) => naive(promptIds, ids));
    // 9 + 1 + 2 + 3 + 4 + 5 tokens in one segment; 9 + 5 in the longest of five.
    expect(planScoring([item], evaluationSchema.parse({ sequenceLength: 24, scoring: 'log-likelihood' })).tokens).toBe(
      24,
    );
    expect(planScoring([item], evaluationSchema.parse({ sequenceLength: 23, scoring: 'log-likelihood' })).tokens).toBe(
      60,
    );
    for (const { predictions } of [await score(24), await score(14)]) {
      predictions[0]!.scores.forEach((value, o) => expect(Math.abs(value - want[o]!)).toBeLessThan(2e-5));
    }
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
    const started = await createEvaluator(
      engine,
      { config, weights },
      [{ ...long[0]!, start: 2 }],
      evaluationSchema.parse(shape),
    ).evaluate(none);
    const kept = [...promptIds.slice(0, 2), ...promptIds.slice(6)];
    expect(started.predictions[0]!.scores[0]).toBeCloseTo(naive(kept, items[0]!.optionIds[0]!.slice(0, 1)), 4);
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

  describe('routing against one unpacked sequence at a time', () => {
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
    const selectorOf = (k: number): NonNullable<AdapterSettings['selector']> => ({
      id: 'top-k',
      slots: () => k,
      select({ probs_TE }) {
        const ids_TK = topKIds(probs_TE, k);
        const chosen_TK = takeAlongLast(probs_TE, ids_TK);
        const weights_TK = chosen_TK.div<tf.Tensor2D>(chosen_TK.sum(1, true));
        const onehot = oneHot(ids_TK, probs_TE.shape[1]);
        return { ids_TK, weights_TK, mask_TE: onehot.sum(1), gates_TE: onehot.mul(weights_TK.expandDims(2)).sum(1) };
      },
    });
    const setup = (experts: number | number[], k: number) => {
      const adapter = createAdapter({
        config,
        lora: null,
        mixture: mixtureSchema.parse({ experts, rank: 2 }),
        router,
        selector: selectorOf(k),
      });
      const init = adapter.init(key);
      // B is drawn too, so that the first layer's experts change what the second layer sees.
      const trainable = Object.fromEntries(
        Object.entries(init.trainable).map(([name, { shape }]) => [name, key.fold(name).normal(shape, 0, 0.5)]),
      );
      return {
        adapter,
        model: { config, weights, adapter, adapterFrozen: init.frozen },
        tensors: { trainable, carried: init.state },
      };
    };
    const labelled: EvaluationItem[] = items.map((item, i) =>
      i % 5 === 4 ? item : { ...item, domain: i % 3 === 0 ? 'physics' : 'history' },
    );
    const upload = (tensors: Readonly<Record<string, HostTensor>>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));

    /** Probabilities and selection of every token of a prompt, by layer. */
    const routeAlone = ({ adapter, tensors }: ReturnType<typeof setup>, ids: readonly number[]) =>
      tf.tidy(() => {
        const row = (values: number[]) => tf.tensor2d([values], undefined, 'int32');
        const batch = {
          ids_BS: row([...ids]),
          positions_BS: row(ids.map((_, i) => i)),
          segments_BS: row(ids.map(() => 1)),
        };
        const bound = adapter.bind(
          { trainable: upload(tensors.trainable), frozen: {}, state: {} },
          { tokenMask_T: tf.ones([ids.length]), training: false },
        );
        decoderHidden(config, upload(weights), batch, bound.hooks);
        return bound.routing().layers.map(({ probs_TE, mask_TE, gates_TE }) => ({
          probs: probs_TE.arraySync(),
          mask: mask_TE.arraySync(),
          gates: gates_TE.arraySync(),
        }));
      });

    it.each([
      { experts: 3, k: 2, scoring: 'label-token' },
      { experts: [4, 2], k: 1, scoring: 'label-token' },
      { experts: 1, k: 1, scoring: 'label-token' },
    ])('counts, weights, confidence, domains and answer positions: %o', async ({ experts, k, scoring }) => {
      const made = setup(experts, k);
      const options = evaluationSchema.parse({ ...shape, scoring });
      const { routing, load, metrics } = await createEvaluator(engine, made.model, labelled, options).evaluate(
        made.tensors,
      );
      const { statistics, domains, chosen } = routing!;
      expect(domains).toEqual(['history', 'physics']);
      expect(statistics.tokens).toBe(items.reduce((sum, { promptIds }) => sum + promptIds.length, 0));
      expect(statistics.examples).toBe(labelled.filter(({ domain }) => domain).length);
      const alone = labelled.map((item) => ({ item, layers: routeAlone(made, item.promptIds) }));
      statistics.layers.forEach((layer, l) => {
        const E = layer.selected.length;
        expect(E).toBe([experts].flat()[l] ?? [experts].flat()[0]);
        const together = Array.from({ length: E }, () => new Array<number>(E).fill(0));
        const byDomain = domains.map(() => new Array<number>(E).fill(0));
        const gates = new Array<number>(E).fill(0);
        let [top, second] = [0, 0];
        for (const { item, layers } of alone) {
          const { probs, mask, gates: weights } = layers[l]!;
          mask.forEach((row, t) => {
            const ranked = probs[t]!.toSorted((a, b) => b - a);
            top += ranked[0]!;
            second += ranked[1] ?? 0;
            row.forEach((used, e) => {
              gates[e]! += weights[t]![e]!;
              if (!used) return;
              if (item.domain) byDomain[domains.indexOf(item.domain)]![e]!++;
              row.forEach((also, f) => (together[e]![f]! += also));
            });
          });
        }
        expect(layer.together).toEqual(together);
        expect(layer.selected).toEqual(together.map((row, e) => row[e]));
        expect(layer.byDomain).toEqual(byDomain);
        expect(layer.weights).toEqual(gates.map((value) => expect.closeTo(value, 4)));
        expect(layer.topProbability).toBeCloseTo(top, 4);
        expect(layer.margin).toBeCloseTo(top - second, 4);
        expect(chosen[l]).toEqual(
          alone.map(({ layers }) => layers[l]!.mask.at(-1)!.flatMap((used, e) => (used ? [e] : []))),
        );
        const assignments = layer.selected.reduce((sum, count) => sum + count, 0);
        expect(assignments).toBe(k * statistics.tokens);
        expect(load![l]).toEqual(layer.selected.map((count) => count / assignments));
      });
      expect(metrics).toMatchObject(routingMetrics(statistics));
    });

    it('log-likelihood: one answer position an item, also where a prompt is computed for each option', async () => {
      const made = setup(3, 2);
      // The second item's options do not fit into a row behind its prompt together.
      const long = { ...labelled[1]!, promptIds: Array.from({ length: 10 }, (_, i) => (i * 5) % 17) };
      const wide = {
        ...long,
        optionIds: [
          [1, 2, 3, 4],
          [5, 6, 7],
          [8, 9, 10],
        ],
        optionCharacters: [3, 3, 3],
        gold: 0,
      };
      const some = [labelled[0]!, wide, labelled[2]!];
      const options = evaluationSchema.parse({ ...shape, scoring: 'log-likelihood' });
      const { routing } = await createEvaluator(engine, made.model, some, options).evaluate(made.tensors);
      routing!.chosen.forEach((layer, l) =>
        expect(layer).toEqual(
          some.map(({ promptIds }) =>
            routeAlone(made, promptIds)
              [l]!.mask.at(-1)!
              .flatMap((used, e) => (used ? [e] : [])),
          ),
        ),
      );
      for (const { selected } of routing!.statistics.layers) {
        expect(selected.reduce((sum, count) => sum + count, 0)).toBe(2 * routing!.statistics.tokens);
      }
    });
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
