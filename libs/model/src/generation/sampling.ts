import type { RandomKey } from '@gmoe/tensor';

/** The id of the largest logit, the lowest of equals. */
export function likeliestToken(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/** A token of softmax(logits / temperature), by the inverse of its distribution function. */
export function drawToken(logits: Float32Array, temperature: number, key: RandomKey): number {
  const top = logits[likeliestToken(logits)]!;
  const masses = Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature));
  let left = key.uniform([]).item() * masses.reduce((sum, mass) => sum + mass, 0);
  for (let id = 0; id < masses.length; id++) {
    left -= masses[id]!;
    if (left < 0) return id;
  }
  return likeliestToken(logits);
}
