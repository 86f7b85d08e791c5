import { tf } from '../../tf.js';
import { traceBackend } from '../trace-backend.js';
import { axes, castName, int64s, lower, node, nodes, out, ref, scalar } from './lowering.js';

lower('Reshape', ({ x }, { shape }) => {
  return traceBackend.reshaped(x!, tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape(x!.shape)));
});

lower('ExpandDims', ({ input }, { dim }) => {
  const shape = [...input!.shape];
  shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
  return traceBackend.reshaped(input!, shape);
});

lower('Transpose', ({ x }, { perm }) =>
  out(
    node('Transpose', [ref(x!)], { perm }),
    (perm as number[]).map((axis) => x!.shape[axis]!),
    x!.dtype,
  ),
);

lower('Concat', (inputs, { axis }) => {
  const tensors = Object.values(inputs).filter((tensor) => tf.util.sizeFromShape(tensor.shape) > 0);
  const [first] = tensors as [tf.TensorInfo];
  const [along] = axes(axis, first.shape) as [number];
  const shape = [...first.shape];
  shape[along] = tensors.reduce((sum, tensor) => sum + tensor.shape[along]!, 0);
  if (tensors.length === 1) return out(ref(first), shape, first.dtype);
  return out(node('Concat', tensors.map(ref), { axis: along }), shape, first.dtype);
});

lower('Slice', ({ x }, { begin, size }) => {
  const [starts, sizes] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size) as [number[], number[]];
  const ends = starts.map((start, i) => start + sizes[i]!);
  return out(node('Slice', [ref(x!), int64s(starts), int64s(ends)]), sizes, x!.dtype);
});

lower('StridedSlice', ({ x }, attrs) => {
  const info = tf.slice_util.sliceInfo(
    x!.shape,
    attrs.begin,
    attrs.end,
    attrs.strides,
    attrs.beginMask,
    attrs.endMask,
    attrs.ellipsisMask,
    attrs.newAxisMask,
    attrs.shrinkAxisMask,
  );
  // ONNX reads a negative end as counted from the back; a slice that runs off the front ends at -(size + 1).
  const ends = info.end.map((end, i) => (info.strides[i]! < 0 && end < 0 ? -(x!.shape[i]! + 1) : end));
  const sliced = node('Slice', [
    ref(x!),
    int64s(info.begin),
    int64s(ends),
    int64s(info.begin.map((_, i) => i)),
    int64s(info.strides),
  ]);
  return out(node('Reshape', [sliced, int64s(info.finalShape)]), info.finalShape, x!.dtype);
});

/** Most outputs of one Split: WebGPU promises a shader eight storage buffers, one of which is the input. */
const SPLIT_OUTPUTS = 7;

function splitNodes(x: string, sizes: readonly number[], axis: number): readonly string[] {
  if (sizes.length <= SPLIT_OUTPUTS) return nodes('Split', [x, int64s(sizes)], sizes.length, { axis });
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    return node('Slice', [x, int64s([start]), int64s([end]), int64s([axis])]);
  });
}

lower('SplitV', ({ x }, { numOrSizeSplits, axis }) => {
  const [along] = axes(axis, x!.shape) as [number];
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
  const names = splitNodes(ref(x!), sizes, along);
  return names.map((name, i) => {
    const shape = [...x!.shape];
    shape[along] = sizes[i]!;
    return out(name, shape, x!.dtype);
  });
});

lower('Pack', (inputs, { axis }) => {
  const tensors = Object.values(inputs);
  const shape = [...tensors[0]!.shape];
  const along = axis < 0 ? axis + shape.length + 1 : axis;
  shape.splice(along, 0, 1);
  const parts = tensors.map((tensor) => node('Reshape', [ref(tensor), int64s(shape)]));
  const packed = shape.map((size, i) => (i === along ? tensors.length : size));
  return out(node('Concat', parts, { axis: along }), packed, tensors[0]!.dtype);
});

lower('Unpack', ({ value }, { axis }) => {
  const [along] = axes(axis, value!.shape) as [number];
  const count = value!.shape[along]!;
  const shape = value!.shape.filter((_, i) => i !== along);
  const names = splitNodes(ref(value!), Array<number>(count).fill(1), along);
  return names.map((name) => out(node('Reshape', [name, int64s(shape)]), shape, value!.dtype));
});

lower('PadV2', ({ x }, { paddings, constantValue }) => {
  const pads = paddings as [number, number][];
  const shape = x!.shape.map((size, i) => size + pads[i]![0] + pads[i]![1]);
  const amounts = int64s([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
  return out(node('Pad', [ref(x!), amounts, scalar(constantValue, x!.dtype as 'float32')]), shape, x!.dtype);
});

lower('Tile', ({ x }, { reps }) =>
  out(
    node('Tile', [ref(x!), int64s(reps)]),
    x!.shape.map((size, i) => size * reps[i]),
    x!.dtype,
  ),
);

lower('Reverse', ({ x }, { dims }) => {
  const over = axes(dims, x!.shape);
  if (over.length === 0) return out(ref(x!), x!.shape, x!.dtype);
  const name = node('Slice', [
    ref(x!),
    int64s(over.map(() => -1)),
    int64s(over.map((axis) => -(x!.shape[axis]! + 1))),
    int64s(over),
    int64s(over.map(() => -1)),
  ]);
  return out(name, x!.shape, x!.dtype);
});

lower('Fill', (_, { shape, value, dtype }) => {
  const type = dtype ?? 'float32';
  return out(node('Expand', [scalar(Number(value), type), int64s(shape)]), shape, type);
});

for (const [kernel, value] of [
  ['ZerosLike', 0],
  ['OnesLike', 1],
] as const) {
  lower(kernel, ({ x }) => {
    const type = x!.dtype as 'float32' | 'int32' | 'bool';
    return out(node('Expand', [scalar(value, type), int64s(x!.shape)]), x!.shape, type);
  });
}

lower('Range', (_, { start, stop, step, dtype }) => {
  const size = Math.max(0, Math.ceil((stop - start) / step));
  const type = (dtype ?? 'float32') as 'float32' | 'int32';
  return out(node('Range', [scalar(start, type), scalar(start + step * size, type), scalar(step, type)]), [size], type);
});

lower('OneHot', ({ indices }, { depth, onValue, offValue, dtype }) => {
  const type = (dtype ?? 'float32') as 'float32' | 'int32' | 'bool';
  // ONNX Runtime's cpu kernel has float values only.
  const values = node('Concat', [one(offValue), one(onValue)], { axis: 0 });
  const name = node('OneHot', [castName(ref(indices!), 'int32', 'int64'), int64s([depth]), values], { axis: -1 });
  return out(castName(name, 'float32', type), [...indices!.shape, depth], type);
});

function one(value: number): string {
  return node('Reshape', [scalar(value), int64s([1])]);
}
