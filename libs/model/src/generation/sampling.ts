import type { RandomKey } from '@gmoe/tensor';

/** The id of the largest logit, the lowest of equals. */
export function likeliestToken(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/**
 * A token of softmax(logits / temperature), by the inverse of its distribution function.
 * @param topP draws only among the likeliest tokens that together have this probability (Holtzman et al. 2020); 1 = all
 */
export function drawToken(logits: Float32Array, temperature: number, key: RandomKey, topP = 1): number {
  const likeliest = likeliestToken(logits);
  const top = logits[likeliest]!;
  const masses = Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature));
  const candidates = topP < 1 ? nucleus(masses, topP) : Array.from(masses.keys());
  let left = key.uniform([]).item() * candidates.reduce((sum, id) => sum + masses[id]!, 0);
  for (const id of candidates) {
    left -= masses[id]!;
    if (left < 0) return id;
  }
  return likeliest;
}

/** The fewest ids whose masses reach the share `topP`, largest first. */
function nucleus(masses: Float64Array, topP: number): number[] {
  const order = Array.from(masses.keys()).sort((a, b) => masses[b]! - masses[a]! || a - b);
  const wanted = topP * masses.reduce((sum, mass) => sum + mass, 0);
  let reached = 0;
  let count = 0;
  while (count < order.length && reached < wanted) reached += masses[order[count++]!]!;
  return order.slice(0, Math.max(1, count));
}
