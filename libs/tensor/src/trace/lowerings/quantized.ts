import { traceBackend } from '../trace-backend.js';
import { INT8_ZERO_POINT, INT8_LARGEST, SMALLEST_PEAK } from '../../quantization/rows.js';
import { int64s, lower, node, out, ref, scalar } from './lowering.js';

/**
 * Ours: the rows of `x` in 8 bits, each with its own scale, times an int8 matrix whose columns have scales: see `rowwiseProduct`.
 * x [T, I], weight [I, O] int8, scale [O] (optional) -> [T, O]. Products that read the same x share its quantised form.
 */
lower('RowwiseInt8MatMul', ({ x, weight, scale }) => {
  const [rows, columns] = [x!.shape[0]!, weight!.shape[1]!];
  const over = int64s([1]);
  const peak = node('Max', [
    node('ReduceMax', [ref(x!), over], { keepdims: 1 }),
    node('Neg', [node('ReduceMin', [ref(x!), over], { keepdims: 1 })]),
  ]);
  const scale_T1 = node('Mul', [node('Max', [peak, scalar(SMALLEST_PEAK)]), scalar(1 / INT8_LARGEST)]);
  const zero = traceBackend.builder.uint8(INT8_ZERO_POINT);
  const quantized = node(
    'QuantizeLinear',
    [ref(x!), node('Reshape', [scale_T1, int64s([rows])]), node('Expand', [zero, int64s([rows])])],
    { axis: 0 },
  );
  const columnScale = scale ? ref(scale) : scalar(1);
  const inputs = [quantized, ref(weight!), scale_T1, columnScale, zero];
  return out(node('MatMulIntegerToFloat', inputs, {}, 'com.microsoft'), [rows, columns], 'float32');
});

/** Ours: a matrix of int8 whose rows have scales, in floats. weight [O, I] int8, scale [O] -> [O, I]. */
lower('DequantizeRows', ({ weight, scale }) =>
  out(node('DequantizeLinear', [ref(weight!), ref(scale!)], { axis: 0 }), weight!.shape, 'float32'),
);
