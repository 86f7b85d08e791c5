import { sizeOf, type DType, type TypedData } from '../host-tensor.js';
import type { Attribute, OnnxInitializer, OnnxNode, OnnxType } from './onnx-proto.js';
import { producersOf } from './producers.js';
import { recomputeBlocks, type Recompute } from './recompute.js';
import { WIDENING } from './widening.js';

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  /** Number of outputs; default 1. */
  readonly outputs?: number;
}

/** Constants up to this many elements are written as they are; larger uniform ones become an Expand. */
const SMALL_CONSTANT = 64;

/**
 * Collects the nodes of one ONNX graph. Every op here is a pure function of its inputs, so a node that was emitted
 * before is not emitted again (common subexpressions), and what no output needs is dropped at the end.
 */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers = new Map<string, OnnxInitializer>();
  private readonly known = new Map<string, readonly string[]>();
  private count = 0;
  private readonly blocks = new Map<OnnxNode, number>();
  private blockCount = 0;
  private block: number | undefined;
  private backwardFrom = Infinity;

  /** Nodes that `record` adds form one block, whose results a backward pass may compute again. Within a block, no more blocks. */
  inBlock<T>(record: () => T): T {
    if (this.block !== undefined) return record();
    this.block = this.blockCount++;
    try {
      return record();
    } finally {
      this.block = undefined;
    }
  }

  /** Nodes from here on belong to the backward pass. */
  beginBackward(): void {
    this.backwardFrom = this.nodes.length;
  }

  /** Adds a node and returns the names of its outputs. An empty input name is an absent optional input. */
  emit(op: string, inputs: readonly string[], options: NodeOptions = {}): readonly string[] {
    const { attributes = {}, domain = '', outputs = 1 } = options;
    const key = JSON.stringify([op, domain, inputs, attributes, outputs]);
    const same = this.known.get(key);
    if (same) return same;
    const names = Array.from({ length: outputs }, () => `v${this.count++}`);
    const node = { op, domain, inputs, outputs: names, attributes };
    this.nodes.push(node);
    if (this.block !== undefined) this.blocks.set(node, this.block);
    this.known.set(key, names);
    return names;
  }

  /** A node with one output. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string {
    return this.emit(op, inputs, { attributes, domain })[0]!;
  }

  /** A constant tensor. */
  constant(data: TypedData, shape: readonly number[], dtype: DType): string {
    const first = data[0];
    if (data.length > SMALL_CONSTANT && data.every((value) => value === first)) {
      return this.fill(first!, shape, dtype);
    }
    return this.initializer(data, shape, dtype);
  }

  /** A tensor of one repeated value, without storing it. */
  fill(value: number, shape: readonly number[], dtype: DType): string {
    const scalar = this.scalar(value, dtype);
    return sizeOf(shape) === 1 && shape.length === 0 ? scalar : this.node('Expand', [scalar, this.int64s(shape)]);
  }

  scalar(value: number, dtype: DType = 'float32'): string {
    const data =
      dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value);
    return this.initializer(data, [], dtype);
  }

  /** A scalar unsigned byte: the zero point of quantised activations. */
  uint8(value: number): string {
    return this.initializer(Uint8Array.of(value), [], 'uint8');
  }

  /** A vector of 64-bit integers: shapes, axes, pads. */
  int64s(values: readonly number[]): string {
    return this.initializer(BigInt64Array.from(values, BigInt), [values.length], 'int64');
  }

  /** A scalar 64-bit integer. */
  int64(value: number): string {
    return this.initializer(BigInt64Array.of(BigInt(value)), [], 'int64');
  }

  private initializer(data: TypedData | BigInt64Array, shape: readonly number[], type: OnnxType): string {
    const small = data.length <= SMALL_CONSTANT;
    const key = small
      ? `${type}[${shape.join()}]${Array.from(data as ArrayLike<number>, signed).join()}`
      : `#${this.count}`;
    const existing = this.initializers.get(key);
    if (existing) return existing.name;
    const name = `c${this.count++}`;
    this.initializers.set(key, { name, shape, type, data: data.slice() });
    return name;
  }

  /** The nodes and constants that the outputs need. */
  finish(
    outputs: readonly string[],
    recompute: Recompute = 'none',
  ): { nodes: OnnxNode[]; initializers: OnnxInitializer[] } {
    const needed = neededNodes(this.nodes, outputs);
    const nodes = recompute === 'none' ? needed : neededNodes(this.recomputing(needed, outputs, recompute), outputs);
    const names = new Set(nodes.flatMap(({ inputs }) => inputs).concat(outputs));
    return {
      nodes: widenedLate(gathersEarly(nodes)),
      initializers: [...this.initializers.values()].filter(({ name }) => names.has(name)),
    };
  }

  private recomputing(
    needed: readonly OnnxNode[],
    outputs: readonly string[],
    recompute: Exclude<Recompute, 'none'>,
  ): OnnxNode[] {
    const backward = new Set(this.nodes.slice(this.backwardFrom));
    const parts = {
      blockOf: (node: OnnxNode) => this.blocks.get(node),
      isBackward: (node: OnnxNode) => backward.has(node),
    };
    return recomputeBlocks(needed, parts, outputs, recompute);
  }
}

function neededNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const needed = new Set(outputs);
  const kept: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    node.inputs.forEach((name) => needed.add(name));
    kept.push(node);
  }
  return kept.reverse();
}

/** From this many inputs on, a node gathers results that come up all over the graph: the gradients of all parameters. */
const GATHERED = 16;

/**
 * Moves what only a gathering node reads to just before it, what can be computed first standing last. ONNX Runtime walks a graph
 * from its end and among a node's inputs looks first at what stands last: this makes it compute each gradient as soon as it can
 * be, where it would else hold the activations of all layers until the backward pass is through.
 */
function gathersEarly(nodes: readonly OnnxNode[]): OnnxNode[] {
  const readers = new Map<string, number>();
  for (const { inputs } of nodes) for (const name of inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  const producers = producersOf(nodes);
  const places = new Map(nodes.map((node, place) => [node, place] as const));
  /** Where the values come from: a gradient is recorded in its turn, its other shape only where it is gathered. */
  const placeOf = (node: OnnxNode): number => {
    const source = node.op === 'Reshape' ? producers.get(node.inputs[0]!) : undefined;
    return source ? placeOf(source) : places.get(node)!;
  };
  const movedTo = new Map<OnnxNode, OnnxNode[]>();
  const moved = new Set<OnnxNode>();
  for (const node of nodes) {
    if (node.inputs.length < GATHERED) continue;
    const own = new Set(node.inputs.map((name) => producers.get(name)).filter((producer) => producer !== undefined));
    const movable = [...own].filter(
      (producer) => producer.outputs.length === 1 && readers.get(producer.outputs[0]!) === 1,
    );
    movable.forEach((producer) => moved.add(producer));
    movedTo.set(
      node,
      movable.toSorted((a, b) => placeOf(b) - placeOf(a)),
    );
  }
  return nodes.filter((node) => !moved.has(node)).flatMap((node) => [...(movedTo.get(node) ?? []), node]);
}

/**
 * Puts what widens a weight first in the list, for the same reason: what stands first is looked at last, and computed just before
 * the product that reads it. Else ONNX Runtime would widen the weights of all layers before it computes any.
 */
function widenedLate(nodes: readonly OnnxNode[]): OnnxNode[] {
  const computed = new Set(nodes.flatMap(({ outputs }) => outputs));
  const widens = ({ op, inputs }: OnnxNode) => WIDENING.has(op) && !inputs.some((name) => computed.has(name));
  return [...nodes.filter(widens), ...nodes.filter((node) => !widens(node))];
}

/** Keeps -0 apart from 0 in the key of a constant. */
function signed(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
