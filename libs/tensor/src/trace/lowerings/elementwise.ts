import { tf } from '../../tf.js';
import { castName, int64s, lower, node, out, ref, scalar, type Inputs } from './lowering.js';

type Binary = Record<'a' | 'b', tf.TensorInfo>;

const broadcast = (inputs: Inputs): number[] =>
  tf.backend_util.assertAndGetBroadcastShape((inputs as Binary).a.shape, (inputs as Binary).b.shape);

/** An op on two tensors of one type; bool operands count as 0 and 1. */
function binary(kernel: string, op: string): void {
  lower(kernel, (inputs) => {
    const { a, b } = inputs as Binary;
    const type = a.dtype === 'bool' ? 'int32' : (a.dtype as 'float32' | 'int32');
    const operands = [castName(ref(a), a.dtype, type), castName(ref(b), b.dtype, type)];
    return out(node(op, operands), broadcast(inputs), type);
  });
}

binary('Add', 'Add');
binary('Sub', 'Sub');
binary('Multiply', 'Mul');
binary('Maximum', 'Max');
binary('Minimum', 'Min');

lower('RealDiv', (inputs) => {
  const { a, b } = inputs as Binary;
  const operands = [castName(ref(a), a.dtype, 'float32'), castName(ref(b), b.dtype, 'float32')];
  return out(node('Div', operands), broadcast(inputs), 'float32');
});

lower('FloorDiv', (inputs) => {
  const { a, b } = inputs as Binary;
  const quotient = node('Div', [castName(ref(a), a.dtype, 'float32'), castName(ref(b), b.dtype, 'float32')]);
  return out(castName(node('Floor', [quotient]), 'float32', 'int32'), broadcast(inputs), 'int32');
});

lower('Pow', (inputs) => {
  const { a, b } = inputs as Binary;
  if (a.dtype === 'float32') return out(node('Pow', [ref(a), ref(b)]), broadcast(inputs), 'float32');
  const power = node('Pow', [castName(ref(a), a.dtype, 'float32'), castName(ref(b), b.dtype, 'float32')]);
  return out(castName(power, 'float32', 'int32'), broadcast(inputs), 'int32');
});

lower('SquaredDifference', (inputs) => {
  const { a, b } = inputs as Binary;
  const difference = node('Sub', [ref(a), ref(b)]);
  return out(node('Mul', [difference, difference]), broadcast(inputs), a.dtype);
});

lower('Mod', (inputs) => {
  // tfjs's mod takes the divisor's sign, as ONNX's integer Mod; for floats: a - floor(a / b) * b.
  const { a, b } = inputs as Binary;
  if (a.dtype !== 'float32') return out(node('Mod', [ref(a), ref(b)]), broadcast(inputs), a.dtype);
  const floor = node('Floor', [node('Div', [ref(a), ref(b)])]);
  return out(node('Sub', [ref(a), node('Mul', [floor, ref(b)])]), broadcast(inputs), 'float32');
});

for (const [kernel, op] of [
  ['Greater', 'Greater'],
  ['GreaterEqual', 'GreaterOrEqual'],
  ['Less', 'Less'],
  ['LessEqual', 'LessOrEqual'],
  ['Equal', 'Equal'],
] as const) {
  lower(kernel, (inputs) => {
    const { a, b } = inputs as Binary;
    const type = a.dtype === 'bool' ? 'int32' : (a.dtype as 'float32' | 'int32');
    const operands = [castName(ref(a), a.dtype, type), castName(ref(b), b.dtype, type)];
    return out(node(op, operands), broadcast(inputs), 'bool');
  });
}

lower('NotEqual', (inputs) => {
  const { a, b } = inputs as Binary;
  return out(node('Not', [node('Equal', [ref(a), ref(b)])]), broadcast(inputs), 'bool');
});

lower('LogicalAnd', (inputs) => out(node('And', [ref(inputs['a']!), ref(inputs['b']!)]), broadcast(inputs), 'bool'));
lower('LogicalOr', (inputs) => out(node('Or', [ref(inputs['a']!), ref(inputs['b']!)]), broadcast(inputs), 'bool'));
lower('LogicalNot', ({ x }) => out(node('Not', [ref(x!)]), x!.shape, 'bool'));

const isSmall = (x: string): string => node('Less', [node('Abs', [x]), scalar(0.75)]);

/** Ops whose result is a float whatever the input type. */
function floatUnary(kernel: string, write: (x: string) => string): void {
  lower(kernel, ({ x }) => out(write(castName(ref(x!), x!.dtype, 'float32')), x!.shape, 'float32'));
}

for (const op of [
  'Exp',
  'Log',
  'Sqrt',
  'Sigmoid',
  'Tanh',
  'Sin',
  'Cos',
  'Tan',
  'Sinh',
  'Cosh',
  'Asin',
  'Acos',
  'Atan',
  'Asinh',
  'Acosh',
  'Atanh',
  'Erf',
  'Reciprocal',
  'Softplus',
]) {
  floatUnary(op, (x) => node(op, [x]));
}
floatUnary('Rsqrt', (x) => node('Reciprocal', [node('Sqrt', [x])]));
/**
 * exp(x) - 1 and log(1 + x) without cancellation, from the rounded u = exp(x) or 1 + x (Kahan): `(u - 1) x / log u` and
 * `log u - ((u - 1) - x) / u`, where x is small; there are no infinities and u differs from 0.
 */
floatUnary('Expm1', (x) => {
  const u = node('Exp', [x]);
  const difference = node('Sub', [u, scalar(1)]);
  const isOne = node('Equal', [u, scalar(1)]);
  const log = node('Where', [isOne, scalar(1), node('Log', [u])]);
  const near = node('Where', [isOne, x, node('Mul', [difference, node('Div', [x, log])])]);
  return node('Where', [isSmall(x), near, difference]);
});
floatUnary('Log1p', (x) => {
  const u = node('Add', [x, scalar(1)]);
  const log = node('Log', [u]);
  const lost = node('Div', [node('Sub', [node('Sub', [u, scalar(1)]), x]), u]);
  return node('Where', [isSmall(x), node('Sub', [log, lost]), log]);
});
floatUnary('Elu', (x) => node('Elu', [x], { alpha: { float: 1 } }));
floatUnary('Silu', (x) => node('QuickGelu', [x], { alpha: { float: 1 } }, 'com.microsoft'));

lower('LeakyRelu', ({ x }, { alpha }) =>
  out(node('LeakyRelu', [ref(x!)], { alpha: { float: alpha } }), x!.shape, 'float32'),
);

/** Ops that keep the input's type. */
function sameUnary(kernel: string, write: (x: string, dtype: 'float32' | 'int32') => string): void {
  lower(kernel, ({ x }) => {
    const type = x!.dtype === 'bool' ? 'int32' : (x!.dtype as 'float32' | 'int32');
    return out(write(castName(ref(x!), x!.dtype, type), type), x!.shape, type);
  });
}

for (const op of ['Abs', 'Neg', 'Sign']) sameUnary(op, (x) => node(op, [x]));
sameUnary('Square', (x) => node('Mul', [x, x]));
sameUnary('Relu', (x, type) => node('Max', [x, scalar(0, type)]));
sameUnary('Relu6', (x, type) => node('Min', [node('Max', [x, scalar(0, type)]), scalar(6, type)]));
for (const op of ['Floor', 'Ceil', 'Round']) sameUnary(op, (x, type) => (type === 'int32' ? x : node(op, [x])));

lower('ClipByValue', ({ x }, { clipValueMin, clipValueMax }) => {
  const type = x!.dtype as 'float32' | 'int32';
  const low = node('Max', [ref(x!), scalar(clipValueMin, type)]);
  return out(node('Min', [low, scalar(clipValueMax, type)]), x!.shape, type);
});

lower('Step', ({ x }, { alpha }) => {
  // 1 above zero, alpha below or at it.
  const positive = node('Greater', [ref(x!), scalar(0, x!.dtype as 'float32')]);
  return out(node('Where', [positive, scalar(1), scalar(alpha)]), x!.shape, 'float32');
});

lower('Prelu', ({ x, alpha }) => {
  const negative = node('Less', [ref(x!), scalar(0)]);
  const shape = tf.backend_util.assertAndGetBroadcastShape(x!.shape, alpha!.shape);
  return out(node('Where', [negative, node('Mul', [ref(x!), ref(alpha!)]), ref(x!)]), shape, 'float32');
});

lower('IsNan', ({ x }) => out(node('IsNaN', [ref(x!)]), x!.shape, 'bool'));
lower('IsInf', ({ x }) => out(node('IsInf', [ref(x!)]), x!.shape, 'bool'));
lower('IsFinite', ({ x }) =>
  out(node('Not', [node('Or', [node('IsNaN', [ref(x!)]), node('IsInf', [ref(x!)])])]), x!.shape, 'bool'),
);

lower('Cast', ({ x }, { dtype }) => {
  if (x!.dtype === 'float32' && dtype === 'bool') {
    return out(node('Not', [node('Equal', [ref(x!), scalar(0)])]), x!.shape, 'bool');
  }
  return out(castName(ref(x!), x!.dtype, dtype), x!.shape, dtype);
});

lower('Identity', ({ x }) => out(ref(x!), x!.shape, x!.dtype));

lower('AddN', (inputs) => {
  const [first, ...rest] = Object.values(inputs) as [tf.TensorInfo, ...tf.TensorInfo[]];
  const sum = rest.reduce((name, tensor) => node('Add', [name, ref(tensor)]), ref(first));
  return out(sum, first.shape, first.dtype);
});

lower('Select', ({ condition, t, e }) => {
  const extra = t!.shape.length - condition!.shape.length;
  const shape = [...condition!.shape, ...Array<number>(extra).fill(1)];
  const mask = extra > 0 ? node('Reshape', [ref(condition!), int64s(shape)]) : ref(condition!);
  return out(node('Where', [mask, ref(t!), ref(e!)]), t!.shape, t!.dtype);
});
