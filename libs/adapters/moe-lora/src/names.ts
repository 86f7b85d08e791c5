/**
 * Names of an adapter's tensors. Weights are in PyTorch's layout [out, in], sites are named as
 * in Hugging Face checkpoints.
 *
 * | name | shape |
 * | --- | --- |
 * | `model.layers.<l>.<self_attn or mlp>.<site>.lora_A.weight`, `.lora_B.weight` | [R, in], [out, R] |
 * | `model.layers.<l>.mlp.experts.<site>.lora_A.weight`, `.lora_B.weight` | [E * R, in], [out, E * R]; expert e has rows or columns e R .. e R + R - 1 |
 * | `model.layers.<l>.router.<name>` | the router's own |
 * | `coordination.<strategy>.<name>` | the strategy's own |
 */
export const NAMES = {
  loraA: (path: string) => `${path}.lora_A.weight`,
  loraB: (path: string) => `${path}.lora_B.weight`,
  experts: (layer: number, site: string) => `model.layers.${layer}.mlp.experts.${site}`,
  router: (layer: number) => `model.layers.${layer}.router.`,
  coordination: (id: string) => `coordination.${id}.`,
} as const;

/** The entries whose name starts with `prefix`, under the rest of their name. */
export function below<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  const out: Record<string, T> = {};
  for (const [name, value] of Object.entries(entries)) {
    if (name.startsWith(prefix)) out[name.slice(prefix.length)] = value;
  }
  return out;
}

/** The same entries with `prefix` before each name. */
export function prefixed<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}
