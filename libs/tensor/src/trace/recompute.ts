import { smallest } from '@gmoe/core';
import type { OnnxNode } from './onnx-proto.js';
import { producersOf } from './producers.js';
import { WIDENING } from './widening.js';

/**
 * What a backward pass takes from the forward pass of a recomputable block (`recomputable`) and what it computes again.
 *
 * - `none`: everything is held from the forward to the backward pass
 * - `selective`: products with weights that no step changes are held, all else is computed again (Korthikanti et al. 2022,
 *   arXiv 2205.05198, section 5, hold what is large to compute)
 * - `full`: only what leaves a block is held (Chen et al. 2016, arXiv 1604.06174)
 */
export const RECOMPUTES = ['none', 'selective', 'full'] as const;
export type Recompute = (typeof RECOMPUTES)[number];

/** Where in a traced function its nodes were recorded. */
export interface RecordedParts {
  /** The recomputable block of a node, numbered in the order of the forward pass. */
  blockOf(node: OnnxNode): number | undefined;
  isBackward(node: OnnxNode): boolean;
}

/** Ops whose first two inputs are multiplied as matrices. */
const PRODUCTS = new Set(['MatMul', 'FusedMatMul', 'Gemm', 'MatMulIntegerToFloat']);
/** Ops that hand a weight on in another form. */
const FORMS = new Set([...WIDENING, 'Reshape', 'Transpose']);

/**
 * Lets the backward pass compute blocks of the forward pass again in place of reading what they left: each node that it needs is
 * there twice, and the second waits until the gradient has come down to its block. Both are the same op of the same values, so
 * results keep their bits. The last block is left as it is, since its gradient comes first.
 * @param nodes in an order of computation
 * @param outputs the graph's values that the function returns
 */
export function recomputeBlocks(
  nodes: readonly OnnxNode[],
  { blockOf, isBackward }: RecordedParts,
  outputs: readonly string[],
  recompute: Exclude<Recompute, 'none'>,
): OnnxNode[] {
  const producers = producersOf(nodes);
  const held = heldValues(nodes, producers, { blockOf, isBackward }, outputs, recompute);
  /** The block that would leave a value for the backward pass alone. */
  const leftBy = (name: string): number | undefined => {
    const producer = producers.get(name);
    return producer && !isBackward(producer) && !held.has(name) ? blockOf(producer) : undefined;
  };
  const arrivals = gradientArrivals(nodes.filter(isBackward), leftBy);

  const again = new Map<string, string>();
  const added: OnnxNode[] = [];
  /** What is not computed before the gradient has come. */
  const late = new Set<string>();
  const once = (name: string, nodesOf: () => readonly OnnxNode[]): string => {
    if (!again.has(name)) {
      again.set(name, name);
      for (const node of nodesOf()) added.push(node);
    }
    return name;
  };
  const delayed = (name: string, block: number): string => {
    const gradient = arrivals.get(block)!;
    // No numbers, but not before the gradient is there.
    const arrival = once(`block:${block}:arrival`, () => [
      nodeOf('Shape', [gradient], `block:${block}:arrival`, { start: 0, end: 0 }),
    ]);
    const renamed = once(`${name}:after:${block}`, () => waiting(name, arrival, `${name}:after:${block}`));
    late.add(renamed);
    return renamed;
  };
  const renewed = (name: string, block: number): string => {
    const producer = producers.get(name)!;
    const known = again.get(name);
    if (known) return known;
    const inputs = producer.inputs.map((input) => (leftBy(input) === block ? renewed(input, block) : input));
    if (!inputs.some((input) => late.has(input))) {
      // One input has to wait. Without one that is computed it is a function of weights, computed when it is read.
      const first = inputs.findIndex((input) => producers.has(input));
      if (first >= 0) inputs[first] = delayed(inputs[first]!, block);
    }
    const same = inputs.every((input, i) => input === producer.inputs[i]) && !WIDENING.has(producer.op);
    const names = same ? producer.outputs : producer.outputs.map((output) => `${output}:again`);
    producer.outputs.forEach((output, i) => again.set(output, names[i]!));
    if (!same) added.push({ ...producer, inputs, outputs: names });
    if (inputs.some((input) => late.has(input))) names.forEach((output) => late.add(output));
    return again.get(name)!;
  };

  const rewritten = nodes.map((node) => {
    if (!isBackward(node)) return node;
    const inputs = node.inputs.map((name) => {
      const block = leftBy(name);
      return block !== undefined && arrivals.has(block) ? renewed(name, block) : name;
    });
    return { ...node, inputs };
  });
  return inOrder(rewritten, added);
}

/** What is held whatever the backward pass does: what other parts of the forward pass read, results, and chosen products. */
function heldValues(
  nodes: readonly OnnxNode[],
  producers: ReadonlyMap<string, OnnxNode>,
  { blockOf, isBackward }: RecordedParts,
  outputs: readonly string[],
  recompute: Recompute,
): Set<string> {
  const held = new Set(outputs);
  for (const node of nodes) {
    if (isBackward(node)) continue;
    const block = blockOf(node);
    for (const name of node.inputs) {
      const producer = producers.get(name);
      if (producer && blockOf(producer) !== block) held.add(name);
    }
    if (recompute === 'selective' && isFrozenProduct(node, producers)) node.outputs.forEach((name) => held.add(name));
  }
  return held;
}

function isFrozenProduct({ op, inputs }: OnnxNode, producers: ReadonlyMap<string, OnnxNode>): boolean {
  const isFrozen = (name: string): boolean => {
    const producer = producers.get(name);
    return !producer || (FORMS.has(producer.op) && producer.inputs.every(isFrozen));
  };
  return PRODUCTS.has(op) && inputs.slice(0, 2).some(isFrozen);
}

/**
 * By block, a gradient that has come through the blocks behind it: the first that the backward pass takes together with what the block
 * left. None for the last block, and for blocks whose values the backward pass does not read.
 */
function gradientArrivals(
  backward: readonly OnnxNode[],
  leftBy: (name: string) => number | undefined,
): Map<number, string> {
  const arrivals = new Map<number, string>();
  /** The first block whose values a gradient was computed from. */
  const reached = new Map<string, number>();
  for (const node of backward) {
    const blocks = node.inputs.map(leftBy);
    for (const block of blocks) {
      if (block === undefined || arrivals.has(block)) continue;
      const arrival = node.inputs.find((name) => (reached.get(name) ?? -1) > block);
      if (arrival !== undefined) arrivals.set(block, arrival);
    }
    const from = node.inputs.map((name, i) => blocks[i] ?? reached.get(name) ?? Infinity);
    const first = smallest(from);
    if (first < Infinity) node.outputs.forEach((name) => reached.set(name, first));
  }
  return arrivals;
}

function nodeOf(op: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}): OnnxNode {
  return { op, domain: '', inputs, outputs: [output], attributes };
}

/** The value under a new name, not before another, which holds no numbers, is there: in its own shape, joined to the other. */
function waiting(name: string, empty: string, renamed: string): OnnxNode[] {
  const [own, shape] = [`${renamed}:own`, `${renamed}:shape`];
  return [
    nodeOf('Shape', [name], own),
    nodeOf('Concat', [empty, own], shape, { axis: 0 }),
    nodeOf('Reshape', [name, shape], renamed),
  ];
}

/** The nodes with the added ones, each before the first that reads it. */
function inOrder(nodes: readonly OnnxNode[], added: readonly OnnxNode[]): OnnxNode[] {
  const producers = producersOf([...nodes, ...added]);
  const ordered = new Set<OnnxNode>();
  const place = (node: OnnxNode): void => {
    if (ordered.has(node)) return;
    for (const name of node.inputs) {
      const producer = producers.get(name);
      if (producer) place(producer);
    }
    ordered.add(node);
  };
  nodes.forEach(place);
  return [...ordered];
}
