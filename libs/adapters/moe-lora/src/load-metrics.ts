/** Each layer's counts as shares that sum to 1; all zero where nothing was counted. [L][E] -> [L][E]. */
export function loadShares(counts: readonly (readonly number[])[]): number[][] {
  return counts.map((layer) => {
    const total = layer.reduce((sum, count) => sum + count, 0);
    return layer.map((count) => (total > 0 ? count / total : 0));
  });
}

/** `exp(H) / E` of one layer's shares: 1 for an even load, 1/E when one expert serves every token. */
export function normalizedEntropy(shares: readonly number[]): number {
  const entropy = shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
  return Math.exp(entropy) / shares.length;
}

/**
 * Metrics of the expert load [L][E]: `routing/entropy` (exp(H)/E, mean over layers), `routing/max_share` (the largest share of
 * any expert in any layer), `routing/dead_experts` (experts without a token), `routing/layer_<l>/entropy`.
 */
export function loadMetrics(load: readonly (readonly number[])[]): Record<string, number> {
  if (load.length === 0) return {};
  const entropies = load.map(normalizedEntropy);
  return {
    'routing/entropy': entropies.reduce((sum, value) => sum + value, 0) / load.length,
    'routing/max_share': Math.max(...load.flat()),
    'routing/dead_experts': load.flat().filter((share) => share === 0).length,
    ...Object.fromEntries(entropies.map((value, layer) => [`routing/layer_${layer}/entropy`, value])),
  };
}
