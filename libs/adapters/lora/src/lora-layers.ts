import { NAMES, parameter, randomInput, type AdapterParams, type ForwardContext } from '@gmoe/adapters-core';
import { sitePath, SITES_BY_INPUT, siteShape, type ModelConfig, type Site } from '@gmoe/model';
import { linear, linearEach, type HostTensor, type RandomKey, type tf } from '@gmoe/tensor';
import { applyDropout, keepMask } from './dropout.js';
import { initLora, type LoraFactors } from './lora-update.js';
import { loraSites, type LoraSite } from './lora-sites.js';
import type { LoraOptions } from './options.js';

/** What a pass over a site's input gives: the input behind dropout, the factors, and what A makes of it. */
export interface SiteInput {
  readonly site: LoraSite;
  /** x, with dropout while training. [T, in] */
  readonly x_TI: tf.Tensor2D;
  readonly factors: LoraFactors;
  /** `A x` [T, R] */
  readonly inner_TR: tf.Tensor2D;
}

/** LoRA inside one pass. */
export interface BoundLora {
  /** The update's input and factors at a site; undefined where there is none. */
  at(site: Site, x_TI: tf.Tensor2D): SiteInput | undefined;
}

/** LoRA on the linear layers of a model: the part that plain LoRA, DoRA and mixtures share. */
export interface LoraLayers {
  readonly sites: readonly LoraSite[];
  /** Whether training drops inputs. */
  readonly drops: boolean;
  /** A Kaiming-uniform, B zero. */
  init(key: RandomKey): Record<string, HostTensor>;
  /** Keep masks of dropout. */
  randomInputs(key: RandomKey, tokens: number): Record<string, HostTensor>;
  bind(params: AdapterParams, context: ForwardContext): BoundLora;
}

/** @throws UserError on options that do not fit the model */
export function createLoraLayers(options: LoraOptions, config: ModelConfig): LoraLayers {
  const sites = loraSites(options, config);
  const bySite = new Map(sites.map((site) => [site.path, site]));
  const { dropout } = options;
  return {
    sites,
    drops: dropout > 0,
    init(key) {
      const trainable: Record<string, HostTensor> = {};
      for (const { path, name, rank } of sites) {
        const { a, b } = initLora(key.fold(path), siteShape(config, name), rank);
        trainable[NAMES.loraA(path)] = a;
        trainable[NAMES.loraB(path)] = b;
      }
      return trainable;
    },
    randomInputs: (key, tokens) =>
      dropout === 0
        ? {}
        : Object.fromEntries(
            sites.map(({ path, name }) => [
              path,
              keepMask(key.fold(path), [tokens, siteShape(config, name).inputs], dropout),
            ]),
          ),
    bind({ trainable }, { training, randomInputs }) {
      const factorsOf = ({ path }: LoraSite): LoraFactors => ({
        a: parameter(trainable, NAMES.loraA(path)),
        b: parameter(trainable, NAMES.loraB(path)),
      });
      const inner = sharedProducts(
        (site) => bySite.get(sitePath(site)),
        (site) => factorsOf(site).a,
      );
      return {
        at(place, x_TI) {
          const site = bySite.get(sitePath(place));
          if (!site) return undefined;
          const factors = factorsOf(site);
          if (!training || dropout === 0) return { site, x_TI, factors, inner_TR: inner(site, x_TI) };
          const dropped_TI = applyDropout(x_TI, randomInput(randomInputs, site.path), dropout);
          return { site, x_TI: dropped_TI, factors, inner_TR: linear(dropped_TI, factors.a) };
        },
      };
    },
  };
}

/** `A x` at a site, in one product with that of the layer's other sites that read x. */
function sharedProducts(
  siteAt: (site: Site) => LoraSite | undefined,
  aOf: (site: LoraSite) => tf.Tensor2D,
): (site: LoraSite, x_TI: tf.Tensor2D) => tf.Tensor2D {
  const known = new Map<string, { readonly x_TI: tf.Tensor2D; readonly inner_TR: tf.Tensor2D }>();
  return (site, x_TI) => {
    const before = known.get(site.path);
    if (before?.x_TI === x_TI) return before.inner_TR;
    const names = SITES_BY_INPUT.find((group) => group.includes(site.name))!;
    const readers = names.flatMap((name) => siteAt({ layer: site.layer, name }) ?? []);
    const products = linearEach(x_TI, readers.map(aOf));
    readers.forEach(({ path }, i) => known.set(path, { x_TI, inner_TR: products[i]! }));
    return known.get(site.path)!.inner_TR;
  };
}

/** A linear layer's output with LoRA added, where the site carries it. */
export function addLora(y_TO: tf.Tensor2D, input: SiteInput | undefined): tf.Tensor2D {
  return input ? y_TO.add<tf.Tensor2D>(updateAt(input)) : y_TO;
}

/** `scaling * B A x` (Hu et al. 2021, eq. 3), the factor in rank space, where the tensor is smallest. [T, out] */
export function updateAt({ inner_TR, factors, site }: SiteInput): tf.Tensor2D {
  return linear(inner_TR.mul(site.scaling), factors.b);
}
