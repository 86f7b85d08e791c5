import { NAMES, type RoutedLayer } from '@gmoe/adapters-core';
import { SITE_NAMES, sitePath, siteShape, type ModelConfig, type Site, type SiteName } from '@gmoe/model';
import { expertsPerLayer } from './experts-per-layer.js';
import type { MixtureOptions } from './options.js';

/** A linear layer that carries expert updates. */
export interface MixtureSite extends Site {
  /** Of its stacked factors, see `NAMES.experts`. */
  readonly module: string;
  /** E */
  readonly experts: number;
  /** Index of the routed layer that sends its tokens. */
  readonly routed: number;
}

/** Where a mixture stands in a model. */
export interface MixtureSites {
  /** By the layer's path, `model.layers.0.mlp.up_proj`, layer by layer in the order of the targets. */
  readonly sites: ReadonlyMap<string, MixtureSite>;
  readonly routed: readonly RoutedLayer[];
  /** The routed layer of each decoder layer's attention and feed-forward network, where one router serves the block. */
  readonly attention: readonly (number | undefined)[];
  readonly ffn: readonly (number | undefined)[];
}

const ATTENTION: readonly SiteName[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];
export const isAttention = (site: SiteName): boolean => ATTENTION.includes(site);

/** @throws UserError if `experts` is a list longer than the model */
export function mixtureSites({ experts, targets, routing }: MixtureOptions, config: ModelConfig): MixtureSites {
  const sites = new Map<string, MixtureSite>();
  const routed: RoutedLayer[] = [];
  const attention: (number | undefined)[] = [];
  const ffn: (number | undefined)[] = [];
  const add = (layer: RoutedLayer): number => routed.push(layer) - 1;
  expertsPerLayer(experts, config.layers).forEach((count, layer) => {
    const block = (chosen: boolean, name: string): number | undefined =>
      chosen && routing === 'block' ? add({ name, width: config.hiddenSize, experts: count }) : undefined;
    const bySite = new Map<SiteName, number>();
    const eachOf = (part: boolean) => {
      if (routing !== 'projection') return;
      for (const name of SITE_NAMES.filter((site) => isAttention(site) === part && targets.includes(site))) {
        const width = siteShape(config, name).inputs;
        bySite.set(name, add({ name: NAMES.siteRouter(layer, name), width, experts: count }));
      }
    };
    attention[layer] = block(targets.some(isAttention), NAMES.attentionRouter(layer));
    eachOf(true);
    ffn[layer] = block(
      targets.some((site) => !isAttention(site)),
      NAMES.router(layer),
    );
    eachOf(false);
    for (const name of targets) {
      const ofBlock = isAttention(name) ? attention[layer] : ffn[layer];
      sites.set(sitePath({ layer, name }), {
        layer,
        name,
        module: NAMES.experts(layer, name),
        experts: count,
        routed: ofBlock ?? bySite.get(name)!,
      });
    }
  });
  return { sites, routed, attention, ffn };
}
