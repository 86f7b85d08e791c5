import { tf } from '../../tf.js';
import { axes, castName, int64s, lower, node, out, ref } from './lowering.js';
import { TraceError } from '../trace-error.js';

lower('GatherV2', ({ x, indices }, { axis, batchDims }) => {
  if (batchDims) throw new TraceError(`tf.gather with batchDims ${batchDims} has no lowering; allowed: 0`);
  const [along] = axes(axis, x!.shape) as [number];
  const shape = [...x!.shape.slice(0, along), ...indices!.shape, ...x!.shape.slice(along + 1)];
  return out(node('Gather', [ref(x!), ref(indices!)], { axis: along }), shape, x!.dtype);
});

lower('GatherNd', ({ params, indices }) => {
  const [shape] = tf.backend_util.prepareAndValidate(params as tf.Tensor, indices as tf.Tensor);
  return out(node('GatherND', [ref(params!), castName(ref(indices!), 'int32', 'int64')]), shape, params!.dtype);
});

lower('ScatterNd', ({ indices, updates }, { shape }) => {
  const type = updates!.dtype as 'float32' | 'int32';
  const zeros = castName(node('ConstantOfShape', [int64s(shape)]), 'float32', type);
  const name = node('ScatterND', [zeros, castName(ref(indices!), 'int32', 'int64'), ref(updates!)], {
    reduction: 'add',
  });
  return out(name, shape, type);
});

/** Ours: `y[t, k] = x[t, ids[t, k]]`. */
lower('GatherAlongLast', ({ x, ids }) =>
  out(node('GatherElements', [ref(x!), ref(ids!)], { axis: 1 }), ids!.shape, x!.dtype),
);

/** Ours: `x` with `updates[t, k]` added at `[t, ids[t, k]]`. */
lower('ScatterAddAlongLast', ({ x, ids, updates }) => {
  const name = node('ScatterElements', [ref(x!), ref(ids!), ref(updates!)], { axis: 1, reduction: 'add' });
  return out(name, x!.shape, 'float32');
});
