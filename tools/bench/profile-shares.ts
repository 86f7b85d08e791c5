import { readFileSync } from 'node:fs';

interface ProfileEvent {
  readonly cat?: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly node_index?: string };
}

const MATRIX_PRODUCTS = ['Gemm', 'MatMul', 'FusedMatMul', 'FusedGemm'];

/** Shares of time by op in the largest of ONNX Runtime's profiles: the median over runs of each node, summed by op. */
export function profileShares(files: readonly string[]): {
  readonly matrixProducts: number;
  readonly next: readonly { readonly op: string; readonly share: number }[];
} {
  const texts = files.map((file) => readFileSync(file, 'utf8')).sort((a, b) => b.length - a.length);
  const events = JSON.parse(texts[0] ?? '[]') as ProfileEvent[];
  const nodes = new Map<string, { op: string; times: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || !args?.op_name) continue;
    const key = `${args.node_index}:${name}`;
    const node = nodes.get(key) ?? { op: args.op_name, times: [] };
    node.times.push(dur);
    nodes.set(key, node);
  }
  const byOp = new Map<string, number>();
  for (const { op, times } of nodes.values()) {
    const middle = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
    byOp.set(op, (byOp.get(op) ?? 0) + middle);
  }
  const total = [...byOp.values()].reduce((sum, time) => sum + time, 0);
  const share = (op: string) => (byOp.get(op) ?? 0) / total;
  return {
    matrixProducts: MATRIX_PRODUCTS.reduce((sum, op) => sum + share(op), 0),
    next: [...byOp.keys()]
      .filter((op) => !MATRIX_PRODUCTS.includes(op))
      .map((op) => ({ op, share: share(op) }))
      .sort((a, b) => b.share - a.share)
      .slice(0, 3),
  };
}
