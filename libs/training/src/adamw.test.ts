import { readFileSync } from 'node:fs';
import { createEngine, FlatLayout, HostTensor, type tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { adamW, adamWControls, adamWScales, type AdamWControls, type AdamWScales, type AdamWState } from './adamw.js';
import { optimizerSchema } from './options.js';

interface Run {
  norm: number;
  params: number[];
}
interface Golden extends Record<'plain' | 'clipped' | 'groups', Run[]> {
  initial: { lora_A: number[]; lora_B: number[]; bias: number[] };
  gradients: number[][];
  rates: number[];
}

/** From torch.optim.AdamW: tools/goldens/adamw_steps.py */
const golden = JSON.parse(readFileSync(new URL('./testing/adamw-steps.json', import.meta.url), 'utf8')) as Golden;

const layout = new FlatLayout([
  ['x.lora_A.weight', [2, 3]],
  ['x.lora_B.weight', [3, 2]],
  ['bias', [3]],
]);
const base = { betas: [0.9, 0.99], epsilon: 1e-6, weightDecay: 0.1 };

describe('adamW equals torch.optim.AdamW', () => {
  it.each([
    ['plain', {}],
    ['clipped', { clipNorm: 1 }],
    ['groups', { loraPlusRatio: 16, weightDecayOn: 'matrices' }],
  ] as const)('%s: four steps within 2e-6', async (name, over) => {
    const options = optimizerSchema.parse({ ...base, ...over });
    for (const engineName of ['compiled', 'eager'] as const) {
      const engine = await createEngine({ engine: engineName, device: 'cpu' });
      const program = engine.jit(
        (frozen: AdamWScales, state: AdamWState, gradient: tf.Tensor1D, controls: AdamWControls) =>
          adamW(state, gradient, controls, frozen, options),
        { name: 'adamw', frozen: adamWScales(layout, options) },
      );
      const { lora_A, lora_B, bias } = golden.initial;
      const zeros = HostTensor.zeros([layout.size]);
      let state: AdamWState<HostTensor> = {
        params_N: HostTensor.float([...lora_A, ...lora_B, ...bias]),
        firstMoment_N: zeros,
        secondMoment_N: zeros,
      };
      for (const [i, want] of golden[name].entries()) {
        const gradient = HostTensor.float(golden.gradients[i]!);
        const out = await program(state, gradient, adamWControls(golden.rates[i]!, i + 1, options.betas));
        state = out.state;
        expect(Math.abs(out.gradientNorm.item() / want.norm - 1)).toBeLessThan(1e-6);
        const worst = Math.max(...want.params.map((p, j) => Math.abs(p - state.params_N.data[j]!)));
        expect(worst).toBeLessThan(2e-6);
      }
      await engine.dispose();
    }
  });
});
