import type { DType, HostTensor, TensorSpec } from '../host-tensor.js';
import { tf } from '../tf.js';
import { flattenTree, mapTree, type Tree } from '../tree.js';
import { GraphBuilder } from './graph-builder.js';
import type { OnnxModel, OnnxNode, OnnxValue } from './onnx-proto.js';
import { producersOf } from './producers.js';
import type { Recompute } from './recompute.js';
import { traceBackend } from './trace-backend.js';
import { TraceError } from './trace-error.js';
import { TRACE_BACKEND } from './trace-state.js';
import './lowerings/index.js';

/** A function as one graph. */
export interface Trace {
  /** The graph; its inputs are the frozen weights and the arguments that the outputs depend on. */
  readonly model: OnnxModel<DType>;
  /** The function's result: a tree whose leaves name the graph's outputs. */
  readonly result: Tree<OutputRef>;
}

/** A leaf of a traced function's result. */
export class OutputRef {
  constructor(
    readonly name: string,
    readonly spec: TensorSpec,
  ) {}
}

interface TracedOutput extends OnnxValue<DType> {
  /** The graph's value behind the output. */
  readonly source: string;
}

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/**
 * Runs `fn` once on the recording backend and returns the graph of what it did.
 *
 * @param args trees of named inputs, one per parameter of `fn`
 * @param recompute what the backward pass of `fn` computes again, where it has one
 * @throws TraceError if the function reads values, draws host randomness or uses an op without a lowering
 */
export function trace(
  fn: (...args: never[]) => unknown,
  args: readonly Tree<OnnxValueLeaf>[],
  recompute: Recompute = 'none',
): Trace {
  const graph = new GraphBuilder();
  const inputs: OnnxValue<DType>[] = [];
  // A process that has used no tfjs yet has no backend, and must not be left with the recording one.
  const previous = tf.getBackend() ?? 'cpu';
  const random = Math.random;
  traceBackend.begin(graph);
  void tf.setBackend(TRACE_BACKEND);
  Math.random = () => {
    throw new TraceError(
      'Math.random was called inside a traced function: pass random numbers in as an argument (RandomKey)',
    );
  };
  try {
    let result: Tree<OutputRef> | undefined;
    const outputs: TracedOutput[] = [];
    tf.tidy(() => {
      const tensors = args.map((arg) =>
        mapTree(arg, isLeaf, ({ value }) => {
          inputs.push(value);
          // tfjs has no int8; what takes such a tensor reads its type from the graph.
          const dtype = value.dtype === 'int8' ? 'int32' : value.dtype;
          return tf.engine().makeTensorFromTensorInfo(traceBackend.tensorInfo(value.name, value.shape, dtype));
        }),
      );
      result = mapTree(fn(...(tensors as never[])), isTensor, (tensor, path) => {
        const name = `out:${outputs.length}:${path}`;
        const spec = { shape: tensor.shape, dtype: tensor.dtype as DType };
        outputs.push({ name, ...spec, source: traceBackend.nameOf(tensor) });
        return new OutputRef(name, spec);
      });
    });
    const { nodes, initializers } = graph.finish(
      outputs.map(({ source }) => source),
      recompute,
    );
    const used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs.map(({ source }) => source)]);
    return {
      model: {
        nodes: nameOutputs(nodes, outputs),
        initializers,
        inputs: inputs.filter(({ name }) => used.has(name)),
        outputs: outputs.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
      },
      result: result!,
    };
  } catch (error) {
    throw explain(error);
  } finally {
    Math.random = random;
    traceBackend.end();
    void tf.setBackend(previous);
  }
}

/**
 * The nodes with the values behind outputs named as these. An output of its own node costs no copy; an Identity gives a name to one that is an input, a
 * constant, or the same value as another.
 */
function nameOutputs(nodes: readonly OnnxNode[], outputs: readonly TracedOutput[]): OnnxNode[] {
  const producers = producersOf(nodes);
  const names = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const { name, source } of outputs) {
    if (producers.has(source) && !names.has(source)) names.set(source, name);
    else {
      const inputs = [names.get(source) ?? source];
      copies.push({ op: 'Identity', domain: '', inputs, outputs: [name], attributes: {} });
    }
  }
  const named = (value: string) => names.get(value) ?? value;
  return [
    ...nodes.map((node) => ({ ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) })),
    ...copies,
  ];
}

/** A named input of the graph, as a leaf of an argument tree. */
export class OnnxValueLeaf {
  constructor(readonly value: OnnxValue<DType>) {}
}

const isLeaf = (value: unknown): value is OnnxValueLeaf => value instanceof OnnxValueLeaf;

/** Names each leaf of an argument: `step.batch.ids`. */
export function nameInputs(
  tree: unknown,
  prefix: string,
  isHost: (value: unknown) => value is HostTensor,
): Tree<OnnxValueLeaf> {
  return mapTree(
    tree,
    isHost,
    (host, path) =>
      new OnnxValueLeaf({ name: path ? `${prefix}.${path}` : prefix, shape: host.shape, dtype: host.dtype }),
  );
}

/** Every host tensor of an argument with the graph's name for it. */
export function namedInputs(
  tree: unknown,
  prefix: string,
  isHost: (value: unknown) => value is HostTensor,
): { name: string; host: HostTensor }[] {
  return flattenTree(tree, isHost).map(({ path, leaf }) => ({ name: path ? `${prefix}.${path}` : prefix, host: leaf }));
}

function explain(error: unknown): unknown {
  if (error instanceof Error && error.message.startsWith("Kernel '")) {
    const kernel = /^Kernel '(\w+)'/.exec(error.message)?.[1];
    return new TraceError(
      `op '${kernel}' cannot be compiled: it has no ONNX lowering; use other ops, or --engine eager`,
      { cause: error },
    );
  }
  return error;
}
