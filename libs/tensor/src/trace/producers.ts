import type { OnnxNode } from './onnx-proto.js';

/** The node that computes each value; inputs and constants have none. */
export function producersOf(nodes: readonly OnnxNode[]): Map<string, OnnxNode> {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}
