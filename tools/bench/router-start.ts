/**
 * How much routers depend on the token before any training, on what really enters the bundled model's feed-forward networks:
 * `npx tsx --tsconfig tsconfig.base.json tools/bench/router-start.ts`. Medians over 6 seeds and all layers, 400 tokens, 8 experts, top 2.
 */
import { ComponentRegistry, createComponent, type Component, type Fidelity, largest } from '@gmoe/core';
import { taskDefinitions, encodeExamples } from '@gmoe/datasets';
import { familyComponents } from '@gmoe/families';
import { decoderHidden, familyKind, type Weights } from '@gmoe/model';
import { graphRouter } from '@gmoe/routers-graph';
import { linearRouter } from '@gmoe/routers-linear';
import type { Router } from '@gmoe/routers-core';
import { createEngine, RandomKey, tensorOf, tf, type HostTensor } from '@gmoe/tensor';
import { loadBase } from '@gmoe/trial';

const [TOKENS, EXPERTS, SEEDS] = [400, 8, 6];

const upload = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, host]) => [name, tensorOf(host)]));

const engine = await createEngine({ engine: 'eager', device: 'auto' });
const { config, weights, tokenizer } = await loadBase('bundled', new ComponentRegistry([familyKind], familyComponents));
const task = taskDefinitions.find(({ id }) => id === 'openstax-topics')!;
const examples = task.create({ trainLimit: 20 }).load('train');
const encoded = await encodeExamples(examples, tokenizer);
const ids = encoded.flatMap((example) => ('promptIds' in example ? example.promptIds : [])).slice(0, TOKENS);

/** What enters the feed-forward network of each layer. [T, D] */
const inputs: tf.Tensor2D[] = [];
tf.tidy(() => {
  const row = (values: readonly number[]) => tf.tensor2d([...values], [1, TOKENS], 'int32');
  const batch = {
    ids_BS: row(ids),
    positions_BS: row(ids.map((_, i) => i % config.maxPositions)),
    segments_BS: row(ids.map((_, i) => 1 + Math.floor(i / config.maxPositions))),
  };
  decoderHidden(config, upload(weights) as Weights, batch, {
    ffn(layer, x_TD) {
      inputs[layer] = tf.keep(x_TD);
      return undefined;
    },
  });
});

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const rms = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => value ** 2)));

function measure(probs: number[][], logits: number[][]) {
  const pairs = new Map<string, number>();
  for (const row of probs) {
    const chosen = row.map((p, e) => [p, e] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const pair = [chosen[0]![1], chosen[1]![1]].sort().join();
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  // Logits without what softmax ignores, as an expert's mean and what the token adds to it.
  const centred = logits.map((row) => row.map((value) => value - mean(row)));
  const byExpert = centred[0]!.map((_, e) => mean(centred.map((row) => row[e]!)));
  return {
    confidence: mean(probs.map((row) => largest(row))),
    commonest: largest(pairs.values()) / probs.length,
    ratio: rms(centred.flatMap((row) => row.map((value, e) => value - byExpert[e]!))) / rms(byExpert),
  };
}

const arms: [name: string, definition: Component<Router>, fidelity: Fidelity, options: Record<string, unknown>][] = [
  ['linear', linearRouter, 'paper', {}],
  ['graph, paper', graphRouter, 'paper', {}],
  ['graph, paper, density 0.6', graphRouter, 'paper', { density: 0.6 }],
  ['graph, paper, one layer', graphRouter, 'paper', { layers: 1 }],
  ['graph, paper, gain 100', graphRouter, 'paper', { gain: 100 }],
  ['graph, paper, edges full', graphRouter, 'paper', { edges: 'full' }],
  ['graph, reference, gain 1', graphRouter, 'reference', { gain: 1 }],
  ['graph, reference', graphRouter, 'reference', {}],
];
process.stdout.write(`${'router'.padEnd(28)}confidence  commonest pair  token part / expert part of the logits\n`);
for (const [name, definition, fidelity, options] of arms) {
  const router = createComponent(definition, options, { fidelity });
  const seen = Array.from({ length: SEEDS }, (_, seed) =>
    inputs.map((x_TD, layer) => {
      const spec = { modelWidth: config.hiddenSize, experts: EXPERTS, topK: 2, layer };
      const { trainable, frozen } = router.init(RandomKey.fromSeed(seed).fold(layer), spec);
      return tf.tidy(() => {
        const params = { trainable: upload(trainable), frozen: upload(frozen), state: {} };
        const context = { tokenMask_T: tf.ones<tf.Rank.R1>([TOKENS]), training: false };
        const { probs_TE, logits_TE } = router.route(params, x_TD, context, spec);
        return measure(probs_TE.arraySync(), logits_TE.arraySync());
      });
    }),
  ).flat();
  const of = (key: keyof ReturnType<typeof measure>) => median(seen.map((one) => one[key]));
  const ratio = of('ratio');
  process.stdout.write(
    `${name.padEnd(28)}${of('confidence').toFixed(3).padEnd(12)}${`${(100 * of('commonest')).toFixed(0)} %`.padEnd(16)}${Number.isFinite(ratio) ? ratio.toFixed(2) : 'experts are equal'}\n`,
  );
}
await engine.dispose();
