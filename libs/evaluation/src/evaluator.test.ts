import { decoderHidden } from '@gmoe/model';
import { createMoeLora, mixtureSchema, type MoeLoraSettings } from '@gmoe/adapters-moe-lora';
import { routingMetrics } from '@gmoe/routing-diagnostics';
import { createEngine, type Engine, type HostTensor, linear, oneHot, takeAlongLast, tf, topKIds } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { config, items, key, naive, nextLogProbs, texts, weights } from './contract/tiny-model.js';
import type { ChoiceItem } from './index.js';
import { lengthOf } from './pack-segments.js';
import { likelihoodSegments } from './scoring/log-likelihood.js';
import { evaluatorOf } from './testing/evaluator-of.js';

describe('evaluation against one unpacked sequence at a time', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    await tf.setBackend('cpu');
  });
  afterAll(() => engine.dispose());
  const none = { trainable: {}, buffers: {} };
  const shape = { batchSize: 2, sequenceLength: 16 };

  it('label-token: scores, predictions, loss', async () => {
    const evaluator = evaluatorOf(engine, { config, weights }, items, shape);
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
    const sum = await evaluatorOf(engine, { config, weights }, items, options).evaluate(none);
    const norm = await evaluatorOf(engine, { config, weights }, items, {
      ...options,
      normalize: 'characters',
    }).evaluate(none);
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
      evaluatorOf(engine, { config, weights }, [item], {
        batchSize: 2,
        sequenceLength,
        scoring: 'log-likelihood',
      }).evaluate(none);
    const want = optionIds.map((ids) => naive(promptIds, ids));
    // 9 + 1 + 2 + 3 + 4 + 5 tokens in one segment; 9 + 5 in the longest of five.
    const tokens = (rowLength: number) =>
      likelihoodSegments(item, 0, new Float64Array(5), rowLength).segments.reduce(
        (sum, segment) => sum + lengthOf(segment),
        0,
      );
    expect([tokens(24), tokens(23)]).toEqual([24, 60]);
    for (const { predictions } of [await score(24), await score(14)]) {
      predictions[0]!.scores.forEach((value, o) => expect(Math.abs(value - want[o]!)).toBeLessThan(2e-5));
    }
  });

  it('a long prompt keeps its end and is counted', async () => {
    const promptIds = Array.from({ length: 20 }, (_, i) => (i * 5) % 17);
    const long = [{ ...items[0]!, promptIds }];
    const { predictions, metrics } = await evaluatorOf(engine, { config, weights }, long, shape).evaluate(none);
    expect(metrics['eval/truncated']).toBe(1);
    expect(predictions[0]!.scores[0]).toBeCloseTo(naive(promptIds.slice(4), items[0]!.optionIds[0]!.slice(0, 1)), 4);
    const started = await evaluatorOf(engine, { config, weights }, [{ ...long[0]!, start: 2 }], shape).evaluate(none);
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
    expect(() => evaluatorOf(engine, { config, weights }, same, shape)).toThrow(
      /item-0: two options start with the same token/,
    );
  });

  describe('routing against one unpacked sequence at a time', () => {
    const router: NonNullable<MoeLoraSettings['router']> = {
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
    const selectorOf = (k: number): NonNullable<MoeLoraSettings['selector']> => ({
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
      const adapter = createMoeLora({
        config,
        lora: null,
        mixture: mixtureSchema.parse({ experts, rank: 2 }),
        router,
        selector: selectorOf(k),
      });
      const init = adapter.init(key, weights);
      // B is drawn too, so that the first layer's experts change what the second layer sees.
      const trainable = Object.fromEntries(
        Object.entries(init.trainable).map(([name, { shape }]) => [name, key.fold(name).normal(shape, 0, 0.5)]),
      );
      return {
        adapter,
        model: { config, weights, adapter, adapterFrozen: init.frozen },
        tensors: { trainable, buffers: init.state },
      };
    };
    const labelled: ChoiceItem[] = items.map((item, i) =>
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
        return bound.routing!.layers().layers.map(({ probs_TE, mask_TE, gates_TE }) => ({
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
      const options = { ...shape, scoring };
      const { routing, load, metrics } = await evaluatorOf(engine, made.model, labelled, options).evaluate(
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
      const options = { ...shape, scoring: 'log-likelihood' };
      const { routing } = await evaluatorOf(engine, made.model, some, options).evaluate(made.tensors);
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

  it('log-likelihood: options behind prompts of their own', async () => {
    const own = items.slice(0, 9).map((item, i): ChoiceItem => {
      const optionPromptIds = item.optionIds.map((_, o) => items[(i + o + 1) % items.length]!.promptIds);
      return { ...item, optionPromptIds };
    });
    const options = { ...shape, scoring: 'log-likelihood' };
    const { predictions } = await evaluatorOf(engine, { config, weights }, own, options).evaluate(none);
    own.forEach((item, i) => {
      item.optionIds.forEach((ids, o) => {
        expect(Math.abs(predictions[i]!.scores[o]! - naive(item.optionPromptIds![o]!, ids))).toBeLessThan(2e-5);
      });
    });
    expect(() => evaluatorOf(engine, { config, weights }, own, shape)).toThrow(
      /item-0: each option has a prompt of its own, which evaluation.scoring 'label-token' cannot ask; use log-likelihood/,
    );
  });

  it('perplexity: loss, exact match by greedy decoding, per text and in all', async () => {
    const { predictions, metrics } = await evaluatorOf(engine, { config, weights }, texts, {
      ...shape,
      scoring: 'perplexity',
    }).evaluate(none);
    let [nats, tokens, exact] = [0, 0, 0];
    texts.forEach(({ ids, supervised: [span] }, i) => {
      const rows = nextLogProbs(ids).slice(span!.begin - 1, span!.end - 1);
      const learned = ids.slice(span!.begin, span!.end);
      const sum = rows.reduce((total, row, t) => total + row[learned[t]!]!, 0);
      expect(Math.abs(predictions[i]!.scores[0]! - sum)).toBeLessThan(2e-5);
      const right = rows.every((row, t) => row.indexOf(Math.max(...row)) === learned[t]);
      expect(predictions[i]).toMatchObject({ tokens: learned.length, correct: right });
      [nats, tokens, exact] = [nats - sum, tokens + learned.length, exact + Number(right)];
    });
    expect(metrics['eval/tokens']).toBe(tokens);
    expect(metrics['eval/loss']).toBeCloseTo(nats / tokens, 5);
    expect(metrics['eval/perplexity']).toBeCloseTo(Math.exp(nats / tokens), 4);
    expect(metrics['eval/exact_match']).toBe(exact / texts.length);
    // What greedy decoding writes behind a prompt is an exact match.
    const written = [...texts[0]!.ids.slice(0, 3)];
    for (let i = 0; i < 3; i++) {
      const last = nextLogProbs(written).at(-1)!;
      written.push(last.indexOf(Math.max(...last)));
    }
    const sure = { ...texts[0]!, ids: written, supervised: [{ begin: 3, end: 6 }] };
    const again = await evaluatorOf(engine, { config, weights }, [sure], { ...shape, scoring: 'perplexity' });
    expect((await again.evaluate(none)).metrics['eval/exact_match']).toBe(1);
  });

  it.each([
    [texts, 'label-token', /'label-token' scores questions with options, and the task's examples are texts/],
    [items, 'perplexity', /'perplexity' scores texts, and the task's examples are questions with options/],
    [items, { id: 'label-tokens' }, /evaluation.scoring|scoring/],
  ] as const)('refuses what a scoring does not score', (list, scoring, message) => {
    expect(() => evaluatorOf(engine, { config, weights }, list, { ...shape, scoring })).toThrow(message);
  });

  it('refuses normalize where nothing is normalised', () => {
    expect(() => evaluatorOf(engine, { config, weights }, items, { ...shape, normalize: 'characters' })).toThrow(
      'normalize: applies only with scoring: log-likelihood (scoring is label-token); leave it out',
    );
  });
});
