import { tf } from '../../tf.js';
import { lower, node, out, ref, type Attributes, type Inputs } from './lowering.js';

/** `a b` with optional transposes; leading dimensions broadcast. */
function matmul({ a, b }: Inputs, { transposeA, transposeB }: Attributes): tf.TensorInfo {
  const rank = a!.shape.length;
  const rows = transposeA ? a!.shape[rank - 1]! : a!.shape[rank - 2]!;
  const columns = transposeB ? b!.shape.at(-2)! : b!.shape.at(-1)!;
  const batch = tf.backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  if (!transposeA && !transposeB) return out(node('MatMul', [ref(a!), ref(b!)]), shape, 'float32');
  const transposes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  if (rank === 2 && b!.shape.length === 2) return out(node('Gemm', [ref(a!), ref(b!)], transposes), shape, 'float32');
  return out(node('FusedMatMul', [ref(a!), ref(b!)], transposes, 'com.microsoft'), shape, 'float32');
}

lower('BatchMatMul', matmul);

lower('Einsum', (inputs, { equation }) => {
  const tensors = Object.values(inputs);
  const sizes = new Map<string, number>();
  const [left, right] = (equation as string).replace(/\s/g, '').split('->') as [string, string];
  left.split(',').forEach((term, i) => [...term].forEach((label, axis) => sizes.set(label, tensors[i]!.shape[axis]!)));
  const shape = [...right].map((label) => sizes.get(label)!);
  return out(node('Einsum', tensors.map(ref), { equation }), shape, 'float32');
});
