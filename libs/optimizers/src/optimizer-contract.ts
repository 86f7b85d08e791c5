import assert from 'node:assert/strict';
import {
  componentChecks,
  type Component,
  type Contract,
  type ContractCase,
  type ContractCheck,
  largest,
  euclideanNorm,
} from '@gmoe/core';
import { createEngine, FlatLayout, HostTensor, RandomKey, tf, type EngineName } from '@gmoe/tensor';
import { optimizerKind, type Optimizer, type OptimizerScalars, type OptimizerState } from './optimizer.js';
import type { ParameterGroups } from './parameter-groups.js';

const layout = new FlatLayout([
  ['a.lora_A.weight', [3, 4]],
  ['a.lora_B.weight', [4, 3]],
  ['norm', [5]],
]);
const key = RandomKey.fromSeed(41);
const start_N = key.fold('params').normal([layout.size]);
const target_N = key.fold('target').normal([layout.size]);
const STEPS = 12;

/** What every optimizer must hold. */
export const optimizerContract: Contract<Optimizer> = {
  kind: optimizerKind,
  checks: (component, cases = [{ name: 'defaults' }]) => [
    ...componentChecks(component),
    ...cases.flatMap((one) => caseChecks(component, one)),
  ],
};

type Run = { readonly params: HostTensor; readonly state: OptimizerState<HostTensor>; readonly norms: number[] };

/** Steps from `start_N` with the gradient of `sum((p - target)^2) / 2`, or another. */
async function descend(
  optimizer: Optimizer,
  engineName: EngineName,
  gradientOf: (params: HostTensor) => HostTensor,
  steps = STEPS,
): Promise<Run> {
  const engine = await createEngine({ engine: engineName, device: 'cpu' });
  try {
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
    let run: Run = { params: start_N, state: optimizer.init(start_N), norms: [] };
    for (let step = 1; step <= steps; step++) {
      const scalars = optimizer.scalars(step, optimizer.learningRate);
      const out = await program(gradientOf(run.params), run.state, run.params, scalars);
      run = { params: out.params_N, state: out.state, norms: [...run.norms, out.gradientNorm.item()] };
    }
    return run;
  } finally {
    await engine.dispose();
  }
}

const toTarget = (params: HostTensor): HostTensor => HostTensor.float(params.data.map((p, i) => p - target_N.data[i]!));
const distance = (params: HostTensor): number => euclideanNorm(toTarget(params).data);

function caseChecks(component: Component<Optimizer>, { name, options }: ContractCase): ContractCheck[] {
  const optimizer = component.create(options);
  return [
    {
      name: `${name}: starts with finite vectors [N], and keeps their names and shapes`,
      async run() {
        const state = optimizer.init(start_N);
        for (const [vector, { shape, data }] of Object.entries(state)) {
          assert.deepEqual(shape, [layout.size], `state '${vector}'`);
          assert.ok(data.every(Number.isFinite), `state '${vector}' is not finite`);
        }
        const next = (await descend(optimizer, 'eager', toTarget, 1)).state;
        assert.deepEqual(Object.keys(next).sort(), Object.keys(state).sort());
        for (const [vector, { shape }] of Object.entries(next)) assert.deepEqual(shape, [layout.size], vector);
      },
    },
    {
      name: `${name}: comes nearer to the minimum of a parabola`,
      async run() {
        const { params, norms } = await descend(optimizer, 'eager', toTarget);
        assert.ok(distance(params) < distance(start_N), `${distance(start_N)} -> ${distance(params)}`);
        const norm = distance(start_N);
        assert.ok(Math.abs(norms[0]! / norm - 1) < 1e-5, `gradient norm ${norms[0]}, expected ${norm}`);
      },
    },
    {
      name: `${name}: the same on both engines within 1e-5, no leaked tensor`,
      async run() {
        const tensors = tf.engine().state.numTensors;
        const [compiled, eager] = [
          await descend(optimizer, 'compiled', toTarget),
          await descend(optimizer, 'eager', toTarget),
        ];
        assert.equal(tf.engine().state.numTensors, tensors, 'leaked tensors');
        const scale = largest(start_N.data.map(Math.abs));
        eager.params.data.forEach((value, i) => {
          const other = compiled.params.data[i]!;
          assert.ok(Math.abs(value - other) < 1e-5 * scale, `parameter ${i}: ${value} eager, ${other} compiled`);
        });
      },
    },
    {
      name: `${name}: stays finite with a gradient of 0, and with one of 1e15`,
      async run() {
        for (const value of [0, 1e15]) {
          const { params } = await descend(optimizer, 'eager', () => HostTensor.full([layout.size], value), 3);
          assert.ok(params.data.every(Number.isFinite), `a gradient of ${value} gives ${params.data.join()}`);
        }
      },
    },
  ];
}
