import { sitePath, type SiteName } from '@gmoe/model';

/**
 * Names of adapters' tensors. Weights are in PyTorch's layout [out, in], modules are named as in Hugging Face checkpoints. E experts
 * of one module lie stacked: expert e has rows or columns e R .. e R + R - 1.
 *
 * | name | shape |
 * | --- | --- |
 * | `<module>.lora_A.weight`, `<module>.lora_B.weight` | [R, in], [out, R] |
 * | `<module>.lora_magnitude_vector` | [out], DoRA |
 * | `model.layers.<l>.<self_attn or mlp>.experts.<site>.lora_A.weight`, `.lora_B.weight` | [E R, in] (HydraLoRA: [R, in]), [out, E R] |
 * | `model.layers.<l>.router.<name>` | the router's own, of the feed-forward network |
 * | `model.layers.<l>.self_attn.router.<name>` | the same, of the attention |
 * | `model.layers.<l>.<self_attn or mlp>.experts.<site>.router.<name>` | the same, of one linear layer |
 * | `coordination.<strategy>.<name>` | the strategy's own |
 */
export const NAMES = {
  loraA: (module: string) => `${module}.lora_A.weight`,
  loraB: (module: string) => `${module}.lora_B.weight`,
  magnitude: (module: string) => `${module}.lora_magnitude_vector`,
  experts: (layer: number, site: SiteName) => sitePath({ layer, name: site }).replace(/(?=\.[^.]+$)/, '.experts'),
  router: (layer: number) => `model.layers.${layer}.router.`,
  attentionRouter: (layer: number) => `model.layers.${layer}.self_attn.router.`,
  siteRouter: (layer: number, site: SiteName): string => `${NAMES.experts(layer, site)}.router.`,
  coordination: (id: string) => `coordination.${id}.`,
} as const;
