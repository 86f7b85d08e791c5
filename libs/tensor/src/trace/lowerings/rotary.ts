import { int64s, lower, node, out, ref } from './lowering.js';

/**
 * Ours: rotary position embedding in the half-split form, x [B, S, H, P], cos and sin [B, S, 1, P] with equal halves: see `rope`. ONNX Runtime's op reads one
 * half of each, a row a token, all tokens as one sequence.
 */
lower('Rope', ({ x, cos, sin }) => {
  const [batch, length, heads, width] = x!.shape as [number, number, number, number];
  const tokens = batch * length;
  const half = (table: typeof cos) =>
    node('Slice', [
      node('Reshape', [ref(table!), int64s([tokens, width])]),
      int64s([0, 0]),
      int64s([tokens, width / 2]),
    ]);
  const sequence = node('Reshape', [ref(x!), int64s([1, tokens, heads * width])]);
  const turned = node('RotaryEmbedding', [sequence, int64s([0]), half(cos), half(sin)], {}, 'com.microsoft');
  return out(node('Reshape', [turned, int64s(x!.shape)]), x!.shape, 'float32');
});
