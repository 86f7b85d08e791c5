export { tf } from './tf.js';
export { tensorOf } from './tensor-of.js';
export { HostTensor, sizeOf, type DType, type FileValues, type TensorSpec, type TypedData } from './host-tensor.js';
export { flattenTree, mapTree, type HostOf, type Tree, type TreeEntry } from './tree.js';
export { RandomKey } from './random-key.js';
export {
  DEVICES,
  ENGINES,
  type DeviceName,
  type Engine,
  type EngineName,
  type EngineOptions,
  type HostTree,
  type JitOptions,
  type Program,
  type TensorFunction,
  type TensorTree,
} from './engine/engine.js';
export { probeEngines, type EngineProbe } from './engine/probe-engines.js';
export { createEngine } from './engine/create-engine.js';
export { customGradient, type GradientRule } from './ops/custom-gradient.js';
export { stopGradient } from './ops/stop-gradient.js';
export { oneHot, topKIds, topKMask } from './ops/top-k.js';
export { sortDescending } from './ops/sort.js';
export { takeAlongLast } from './ops/take-along.js';
export { gatherRows } from './ops/gather-rows.js';
export { groupedMatMul, groupedPlaces, groupRows, type RowGroups } from './ops/grouped-matmul.js';
export { crossEntropy } from './ops/cross-entropy.js';
export { frozenLinear } from './ops/frozen-linear.js';
export { COMPUTES, INT8_SUFFIX, int8Weights, transposed, type Compute } from './quantization/int8-weights.js';
export { quantizeRows, withinRange, type QuantizedRows } from './quantization/quantize-rows.js';
export { FULL_RANGE, weightRange, type WeightRange } from './quantization/weight-range.js';
export { gelu, geluTanh, layerNorm, linear, linearEach, repeatColumns, rmsNorm, silu, swiglu } from './ops/layers.js';
export { logSoftmax } from './ops/log-softmax.js';
export { attention, rope, type AttentionOptions } from './ops/attention.js';
export { beginBackward, recomputable } from './ops/recomputable.js';
export { RECOMPUTES, type Recompute } from './trace/recompute.js';
export { FlatLayout, type FlatEntry } from './ops/flat-parameters.js';
export { underPrefix, withPrefix } from './named-tensors.js';
