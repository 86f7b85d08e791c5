import { tf } from '../tf.js';
import { isTracing, runTraceKernel } from '../trace/trace-state.js';
import { customGradient } from './custom-gradient.js';

/**
 * Rotary position embedding, half-split form as in Hugging Face checkpoints (Su et al. 2021).
 * x [B, S, H, P] (P = head width), cos and sin [B, S, 1, P], the same in both halves -> [B, S, H, P].
 */
export function rope(x_BSHP: tf.Tensor4D, cos_BS1P: tf.Tensor4D, sin_BS1P: tf.Tensor4D): tf.Tensor4D {
  return customGradient(x_BSHP, (x: tf.Tensor4D, save) => {
    save([cos_BS1P, sin_BS1P]);
    return {
      value: rotate(x, cos_BS1P, sin_BS1P),
      // A rotation's transpose is the rotation by the opposite angle.
      gradFunc: (dy: tf.Tensor4D, [cos, sin]) => rotate(dy, cos as tf.Tensor4D, (sin as tf.Tensor4D).neg()),
    };
  });
}

function rotate(x: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D): tf.Tensor4D {
  if (isTracing()) return runTraceKernel('Rope', { x, cos, sin });
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor4D, tf.Tensor4D];
  return x.mul(cos).add(tf.concat([second.neg(), first], -1).mul(sin));
}

/** What departs from `softmax(q k^T / sqrt(P) + mask) v`. */
export interface AttentionOptions {
  /** Factor of q k^T; default `1 / sqrt(P)`. */
  readonly scale?: number | undefined;
  /** Scores become `softcap tanh(score / softcap)` before the mask is added (Gemma 2). */
  readonly softcap?: number | undefined;
  /** The mask hides every key behind its query (S = Z): blocks of queries then see the keys up to their own end alone. Default false. */
  readonly causal?: boolean | undefined;
}

/** Queries of a block. Shorter ones leave out more keys; each costs ops of its own. */
const CAUSAL_BLOCK = 64;
const MOST_BLOCKS = 4;

/**
 * Softmax attention with grouped queries. Query head h uses key head floor(h / (H / Hkv)).
 * q [B, S, H, P], k and v [B, Z, Hkv, P], mask [B, 1, S, Z] added to the scores (0 or a large negative number)
 * -> [B, S, H * P].
 */
export function attention(
  q_BSHP: tf.Tensor4D,
  k_BZJP: tf.Tensor4D,
  v_BZJP: tf.Tensor4D,
  mask_B1SZ: tf.Tensor4D,
  { causal, ...options }: AttentionOptions = {},
): tf.Tensor3D {
  const length = q_BSHP.shape[1];
  const size = Math.ceil(length / Math.min(MOST_BLOCKS, Math.max(1, Math.floor(length / CAUSAL_BLOCK))));
  if (!causal || size === length) return attend(q_BSHP, k_BZJP, v_BZJP, mask_B1SZ, options);
  const starts = Array.from({ length: Math.ceil(length / size) }, (_, block) => block * size);
  const sizes = starts.map((start) => Math.min(size, length - start));
  const queries = tf.split(q_BSHP, sizes, 1) as tf.Tensor4D[];
  const masks = tf.split(mask_B1SZ, sizes, 2) as tf.Tensor4D[];
  const blocks = starts.map((start, block) => {
    const seen = <X extends tf.Tensor4D>(x: X, axis: number) =>
      x.slice<X>(
        [0, 0, 0, 0],
        x.shape.map((count, i) => (i === axis ? start + sizes[block]! : count)),
      );
    return attend(queries[block]!, seen(k_BZJP, 1), seen(v_BZJP, 1), seen(masks[block]!, 3), options);
  });
  return tf.concat(blocks, 1);
}

function attend(
  q_BSHP: tf.Tensor4D,
  k_BZJP: tf.Tensor4D,
  v_BZJP: tf.Tensor4D,
  mask_B1SZ: tf.Tensor4D,
  { scale, softcap }: AttentionOptions,
): tf.Tensor3D {
  const [batch, length, heads, width] = q_BSHP.shape;
  const [, keys, keyHeads] = k_BZJP.shape;
  const group = heads / keyHeads;
  // Fold the query heads that share a key head into rows, so that no key or value is repeated.
  const q = q_BSHP
    .mul(scale ?? 1 / Math.sqrt(width))
    .transpose([0, 2, 1, 3])
    .reshape([batch * keyHeads, group * length, width]) as tf.Tensor3D;
  const k = k_BZJP.transpose([0, 2, 1, 3]).reshape([batch * keyHeads, keys, width]) as tf.Tensor3D;
  const v = v_BZJP.transpose([0, 2, 1, 3]).reshape([batch * keyHeads, keys, width]) as tf.Tensor3D;
  const raw = tf.matMul(q, k, false, true).reshape([batch, heads, length, keys]);
  const scores_BHSZ = softcap === undefined ? raw : tf.tanh(raw.div(softcap)).mul(softcap);
  const weights = tf
    .softmax(scores_BHSZ.add(mask_B1SZ))
    .reshape([batch * keyHeads, group * length, keys]) as tf.Tensor3D;
  return tf
    .matMul(weights, v)
    .reshape([batch, heads, length, width])
    .transpose([0, 2, 1, 3])
    .reshape([batch, length, heads * width]);
}
