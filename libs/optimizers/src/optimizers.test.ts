import { readFileSync } from 'node:fs';
import { testChecks } from '@gmoe/core/testing';
import { createEngine, FlatLayout, HostTensor, type tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import {
  adamW,
  lion,
  optimizerContract,
  optimizers,
  sgd,
  type OptimizerScalars,
  type OptimizerState,
  type ParameterGroups,
} from './index.js';
import { signSgd } from './testing/sign-sgd.js';

/** From torch.optim and Lion's algorithm 2: tools/goldens/optimizer_steps.py */
interface Golden {
  initial: number[];
  gradients: number[][];
  rates: number[];
  cases: { id: string; name: string; options: object; steps: { norm: number; params: number[] }[] }[];
}
const golden = JSON.parse(readFileSync(new URL('./testing/optimizer-steps.json', import.meta.url), 'utf8')) as Golden;

const layout = new FlatLayout([
  ['x.lora_A.weight', [2, 3]],
  ['x.lora_B.weight', [3, 2]],
  ['bias', [3]],
]);

describe('steps equal those of PyTorch and of the paper', () => {
  it.each(golden.cases)('$id, $name: four steps within 2e-6', async ({ id, options, steps }) => {
    const optimizer = optimizers.find((each) => each.id === id)!.create(options);
    for (const engineName of ['compiled', 'eager'] as const) {
      const engine = await createEngine({ engine: engineName, device: 'cpu' });
      const program = engine.jit(
        (
          groups: ParameterGroups,
          gradient_N: tf.Tensor1D,
          state: OptimizerState,
          params_N: tf.Tensor1D,
          scalars: OptimizerScalars,
        ) => optimizer.update(gradient_N, state, params_N, scalars, groups),
        { name: 'optimizer', frozen: optimizer.groups(layout) },
      );
      let params_N = HostTensor.float(golden.initial);
      let state = optimizer.init(params_N);
      for (const [i, want] of steps.entries()) {
        const gradient_N = HostTensor.float(golden.gradients[i]!);
        const out = await program(gradient_N, state, params_N, optimizer.scalars(i + 1, golden.rates[i]!));
        ({ params_N, state } = out);
        expect(Math.abs(out.gradientNorm.item() / want.norm - 1)).toBeLessThan(1e-6);
        const worst = Math.max(...want.params.map((p, j) => Math.abs(p - params_N.data[j]!)));
        expect(worst).toBeLessThan(2e-6);
      }
      await engine.dispose();
    }
  });
});

testChecks('adamw keeps the contract', optimizerContract.checks(adamW));
testChecks('lion keeps the contract', optimizerContract.checks(lion));
testChecks(
  'sgd keeps the contract',
  optimizerContract.checks(sgd, [
    { name: 'defaults' },
    { name: 'plain', options: { momentum: 0, weightDecay: 0.01 } },
    { name: 'Nesterov', options: { nesterov: true } },
  ]),
);

it('refuses momentum that looks ahead of nothing', () => {
  expect(() => sgd.create({ momentum: 0, nesterov: true })).toThrow(
    'sgd: nesterov: needs a momentum above 0 (got true)',
  );
});

testChecks("README's optimizer keeps the contract", optimizerContract.checks(signSgd));

it("README's optimizer is the one tested", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const [, example] = /```ts\n(.*?)```/s.exec(read('../README.md'))!;
  expect(read('./testing/sign-sgd.ts').replace("'../index.js'", "'@gmoe/optimizers'")).toBe(example);
});
