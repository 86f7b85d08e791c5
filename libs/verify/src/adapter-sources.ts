import { NAMES } from '@gmoe/adapters-core';
import { sitePath } from '@gmoe/model';
import { HostTensor } from '@gmoe/tensor';

/** Where a tensor of ours lies in the authors' files: one tensor, or several laid side by side along an axis. */
export interface Source {
  readonly ours: string;
  readonly theirs: readonly string[];
  readonly axis: 0 | 1;
}

const FFN = { gate_proj: 'w1_proj', down_proj: 'w2_proj', up_proj: 'w3_proj' } as const;
const ATTENTION = ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const;

/**
 * The experts and the router of a layer. We stack what they keep apart.
 *
 * @param prefix of the layer in their names, `mixlora.layers.0.`
 * @param end `.weight`, or nothing
 * @param router our names of the router's learned tensors, with theirs
 */
export function mixtureSources(
  layer: number,
  experts: number,
  prefix: string,
  end: string,
  router: readonly (readonly [ours: string, theirs: string])[],
): Source[] {
  const ids = Array.from({ length: experts }, (_, e) => e);
  const factors = (['gate_proj', 'down_proj', 'up_proj'] as const).flatMap((site): Source[] => {
    const name = FFN[site];
    const ours = NAMES.experts(layer, site);
    const theirs = (factor: string) => ids.map((e) => `${prefix}experts.${e}.${name}.${factor}${end}`);
    return [
      { ours: NAMES.loraA(ours), theirs: theirs('lora_A'), axis: 0 },
      { ours: NAMES.loraB(ours), theirs: theirs('lora_B'), axis: 1 },
    ];
  });
  return [
    ...factors,
    ...router.map(([ours, theirs]): Source => ({
      ours: NAMES.router(layer) + ours,
      theirs: [`${prefix}gate.${theirs}`],
      axis: 0,
    })),
  ];
}

/** Plain LoRA on the attention of a layer. */
export function attentionSources(layer: number, prefix: string): Source[] {
  return ATTENTION.flatMap((name) =>
    (['lora_A', 'lora_B'] as const).map((factor): Source => ({
      ours: `${sitePath({ layer, name })}.${factor}.weight`,
      theirs: [`${prefix}self_attn.${name}.${factor}.weight`],
      axis: 0,
    })),
  );
}

/** Our tensor from theirs. Scalars and vectors are laid end to end. */
export function join({ theirs, axis }: Source, get: (name: string) => HostTensor): HostTensor {
  const parts = theirs.map(get);
  const [rows, columns] = parts[0]!.shape;
  if (rows === undefined || columns === undefined) return HostTensor.float(parts.flatMap(({ data }) => [...data]));
  if (axis === 0) {
    return HostTensor.float(
      parts.flatMap(({ data }) => [...data]),
      [rows * parts.length, columns],
    );
  }
  const width = columns * parts.length;
  const out = new Float32Array(rows * width);
  parts.forEach(({ data }, part) => {
    for (let i = 0; i < rows; i++) out.set(data.subarray(i * columns, (i + 1) * columns), i * width + part * columns);
  });
  return new HostTensor(out, [rows, width]);
}

/** Their tensors from ours, by their names. */
export function split({ theirs, axis }: Source, ours: HostTensor): Record<string, HostTensor> {
  const parts = theirs.length;
  const columns = axis === 1 ? ours.shape[1]! / parts : 0;
  return Object.fromEntries(
    theirs.map((name, part) => {
      if (axis === 0) {
        const size = ours.size / parts;
        return [name, HostTensor.float(ours.data.subarray(part * size, (part + 1) * size))];
      }
      const width = ours.shape[1]!;
      const data = ours.data.filter((_, i) => Math.floor((i % width) / columns) === part);
      return [name, HostTensor.float(data, [ours.shape[0]!, columns])];
    }),
  );
}
