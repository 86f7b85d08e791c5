import { NAMES, parameter, randomInput, type AdapterParams, type ForwardContext } from '@gmoe/adapters-core';
import { sitePath, siteShape, type ModelConfig, type Site } from '@gmoe/model';
import type { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { applyDropout, keepMask } from './dropout.js';
import { initLora, loraUpdate, type LoraFactors } from './lora-update.js';
import { loraSites, type LoraSite } from './lora-sites.js';
import type { LoraOptions } from './options.js';

/** What a pass over a site's input gives: the input behind dropout, and the factors. */
export interface SiteInput {
  readonly site: LoraSite;
  /** x, with dropout while training. [T, in] */
  readonly x_TI: tf.Tensor2D;
  readonly factors: LoraFactors;
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
  /** The update's input and factors at a site; undefined where there is none. */
  at(params: AdapterParams, context: ForwardContext, site: Site, x_TI: tf.Tensor2D): SiteInput | undefined;
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
    at({ trainable }, { training, randomInputs }, place, x_TI) {
      const site = bySite.get(sitePath(place));
      if (!site) return undefined;
      const { path } = site;
      const drops = training && dropout > 0;
      return {
        site,
        x_TI: drops ? applyDropout(x_TI, randomInput(randomInputs, path), dropout) : x_TI,
        factors: { a: parameter(trainable, NAMES.loraA(path)), b: parameter(trainable, NAMES.loraB(path)) },
      };
    },
  };
}

/** A linear layer's output with LoRA added, where the site carries it. */
export function addLora(y_TO: tf.Tensor2D, input: SiteInput | undefined): tf.Tensor2D {
  return input ? y_TO.add<tf.Tensor2D>(loraUpdate(input.x_TI, input.factors, input.site.scaling)) : y_TO;
}
