import { tf } from '../../tf.js';
import { axes, castName, int64s, lower, node, nodes, out, ref } from './lowering.js';

function reducedShape(shape: number[], over: number[], keepDims: boolean): number[] {
  return shape.flatMap((size, axis) => (over.includes(axis) ? (keepDims ? [1] : []) : [size]));
}

/** Reductions with the axes in `attrs[axisKey]`. */
function reduction(kernel: string, op: string, axisKey: string, typeOf: (dtype: string) => 'float32' | 'int32'): void {
  lower(kernel, ({ x }, attrs) => {
    const type = typeOf(x!.dtype);
    const over = axes(attrs[axisKey], x!.shape);
    const name = castName(ref(x!), x!.dtype, type);
    const shape = reducedShape(x!.shape, over, attrs.keepDims);
    if (over.length === 0) return out(name, shape, type);
    return out(node(op, [name, int64s(over)], { keepdims: attrs.keepDims ? 1 : 0 }), shape, type);
  });
}

const numeric = (dtype: string): 'float32' | 'int32' => (dtype === 'float32' ? 'float32' : 'int32');

reduction('Sum', 'ReduceSum', 'axis', numeric);
reduction('Prod', 'ReduceProd', 'axis', numeric);
reduction('Mean', 'ReduceMean', 'axis', () => 'float32');
reduction('Max', 'ReduceMax', 'reductionIndices', numeric);
reduction('Min', 'ReduceMin', 'axis', numeric);

for (const [kernel, op] of [
  ['All', 'ReduceMin'],
  ['Any', 'ReduceMax'],
] as const) {
  lower(kernel, ({ x }, { axis, keepDims }) => {
    const over = axes(axis, x!.shape);
    const counted = node(op, [castName(ref(x!), 'bool', 'int32'), int64s(over)], { keepdims: keepDims ? 1 : 0 });
    return out(castName(counted, 'int32', 'bool'), reducedShape(x!.shape, over, keepDims), 'bool');
  });
}

for (const kernel of ['ArgMax', 'ArgMin']) {
  lower(kernel, ({ x }, { axis }) => {
    const [over] = axes(axis, x!.shape);
    const name = castName(ref(x!), x!.dtype, numeric(x!.dtype));
    const index = node(kernel, [name], { axis: over!, keepdims: 0 });
    return out(castName(index, 'int64', 'int32'), reducedShape(x!.shape, [over!], false), 'int32');
  });
}

lower('Cumsum', ({ x }, { axis, exclusive, reverse }) => {
  const [over] = axes(axis, x!.shape);
  const type = numeric(x!.dtype);
  const name = node('CumSum', [castName(ref(x!), x!.dtype, type), int64s([over!])], {
    exclusive: exclusive ? 1 : 0,
    reverse: reverse ? 1 : 0,
  });
  return out(name, x!.shape, type);
});

lower('Softmax', ({ logits }, { dim }) => {
  const axis = dim < 0 ? dim + logits!.shape.length : dim;
  return out(node('Softmax', [castName(ref(logits!), logits!.dtype, 'float32')], { axis }), logits!.shape, 'float32');
});

lower('LogSoftmax', ({ logits }, { axis }) => {
  const over = axis < 0 ? axis + logits!.shape.length : axis;
  return out(
    node('LogSoftmax', [castName(ref(logits!), logits!.dtype, 'float32')], { axis: over }),
    logits!.shape,
    'float32',
  );
});

lower('TopK', ({ x }, { k, sorted }) => {
  const shape = [...x!.shape.slice(0, -1), k];
  const [values, ids] = nodes('TopK', [ref(x!), int64s([k])], 2, { axis: -1, largest: 1, sorted: sorted ? 1 : 0 });
  return [out(values!, shape, x!.dtype), out(castName(ids!, 'int64', 'int32'), shape, 'int32')];
});

/** Sum of the rows of each segment. x [N, ...], segmentIds [N] -> [numSegments, ...]. */
lower('UnsortedSegmentSum', ({ x, segmentIds }, { numSegments }) => {
  const inner = x!.shape.slice(1);
  const shape = [numSegments, ...inner];
  const zeros = node('ConstantOfShape', [int64s(shape)]);
  const type = numeric(x!.dtype);
  const base = type === 'float32' ? zeros : castName(zeros, 'float32', 'int32');
  const ids = castName(ref(segmentIds!), 'int32', 'int64');
  const column = node('Reshape', [ids, int64s([tf.util.sizeFromShape(segmentIds!.shape), 1])]);
  return out(node('ScatterND', [base, column, castName(ref(x!), x!.dtype, type)], { reduction: 'add' }), shape, type);
});
