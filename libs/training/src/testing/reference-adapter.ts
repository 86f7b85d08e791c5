import { loraSchema } from '@gmoe/adapters-lora';
import { createAdapter, mixtureSchema, NAMES, type Adapter } from '@gmoe/adapters-moe-lora';
import type { CoordinationStrategy } from '@gmoe/coordination-core';
import { sitePath, type ModelConfig } from '@gmoe/model';
import type { Router } from '@gmoe/routers-core';
import { HostTensor } from '@gmoe/tensor';
import { topK } from './reference-method.js';

/** The numbers of a golden's adapter. */
export interface ReferenceConfig {
  readonly experts: number;
  readonly top_k: number;
  readonly r: number;
  readonly alpha: number;
}

export function referenceAdapter(
  config: ModelConfig,
  { experts, top_k, r, alpha }: ReferenceConfig,
  router: Router,
  coordination: readonly CoordinationStrategy[],
  withLora: boolean,
): Adapter {
  return createAdapter({
    config,
    lora: withLora ? loraSchema.parse({ rank: r, alpha }) : null,
    mixture: mixtureSchema.parse({ experts, rank: r, alpha }),
    router,
    selector: topK(top_k),
    coordination,
  });
}

const FFN = { gate_proj: 'w1_proj', down_proj: 'w2_proj', up_proj: 'w3_proj' } as const;
const ATTENTION = ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const;

/** Where a tensor of ours lies in the authors' files: one tensor, or one per expert, laid along an axis. */
export interface Source {
  readonly ours: string;
  readonly theirs: readonly string[];
  readonly axis: 0 | 1;
}

/** @param prefix of a layer in the authors' names, `mixlora.layers.0.` @param end `.weight` or nothing */
export function layerSources(
  layer: number,
  experts: number,
  prefix: string,
  end: string,
  gate: readonly string[],
): Source[] {
  const pair = (ours: string, theirs: readonly string[]): Source[] => [
    { ours: NAMES.loraA(ours), theirs: theirs.map((name) => `${name}.lora_A${end}`), axis: 0 },
    { ours: NAMES.loraB(ours), theirs: theirs.map((name) => `${name}.lora_B${end}`), axis: 1 },
  ];
  const ids = Array.from({ length: experts }, (_, e) => e);
  return [
    ...Object.entries(FFN).flatMap(([site, name]) =>
      pair(
        NAMES.experts(layer, site),
        ids.map((e) => `${prefix}experts.${e}.${name}`),
      ),
    ),
    ...gate.map((name) => ({
      ours: `${NAMES.router(layer)}${name}`,
      theirs: [`${prefix}gate.${name}`],
      axis: 0 as const,
    })),
  ];
}

export function attentionSources(layer: number, prefix: string): Source[] {
  return ATTENTION.flatMap((name) =>
    (['lora_A', 'lora_B'] as const).map((factor) => ({
      ours: `${sitePath({ layer, name })}.${factor}.weight`,
      theirs: [`${prefix}self_attn.${name}.${factor}.weight`],
      axis: 0 as const,
    })),
  );
}

/** Ours from theirs. */
export function gather(source: Source, tensors: Readonly<Record<string, HostTensor>>, group: string): HostTensor {
  const parts = source.theirs.map((name) => {
    const part = tensors[`${group}${name}`];
    if (!part) throw new Error(`the golden has no '${group}${name}'`);
    return part;
  });
  if (parts.length === 1) return parts[0]!;
  const [rows, columns] = parts[0]!.shape as [number, number];
  if (source.axis === 0)
    return HostTensor.float(
      parts.flatMap(({ data }) => [...data]),
      [rows * parts.length, columns],
    );
  const width = columns * parts.length;
  const out = new Float32Array(rows * width);
  parts.forEach(({ data }, e) => {
    for (let i = 0; i < rows; i++) out.set(data.subarray(i * columns, (i + 1) * columns), i * width + e * columns);
  });
  return new HostTensor(out, [rows, width]);
}
