import {
  adapterKind,
  createRoutedLayers,
  NAMES,
  type Adapter,
  type AdapterProblem,
  type AdapterSettings,
} from '@gmoe/adapters-core';
import {
  createLoraLayers,
  kaimingUniformA,
  keepMask,
  loraProblem,
  savedModules,
  type LoraOptions,
} from '@gmoe/adapters-lora';
import { defineComponent, UserError, smallest } from '@gmoe/core';
import { siteShape } from '@gmoe/model';
import { selectorKind, type Selector } from '@gmoe/routers-core';
import { HostTensor } from '@gmoe/tensor';
import { bindMoeLora } from './bind-moe-lora.js';
import { mixtureSites } from './mixture-sites.js';
import { moeLoraSchema, type MixtureOptions } from './options.js';

export interface MoeLoraSettings extends AdapterSettings {
  readonly lora: LoraOptions | null;
  readonly mixture: MixtureOptions;
  readonly selector: Selector;
}

/**
 * A routed mixture of LoRA experts on any linear layers, with plain LoRA beside it.
 * @throws UserError on settings that do not fit together
 */
export function createMoeLora({
  config,
  lora: loraOptions,
  mixture,
  router,
  selector,
  coordination = [],
}: MoeLoraSettings): Adapter {
  if (!router) throw new UserError('router: a mixture needs a router');
  const places = mixtureSites(mixture, config);
  const sites = [...places.sites.values()];
  const tellsOutputs = mixture.form === 'additive';
  const routed = createRoutedLayers({ layers: places.routed, router, selector, coordination, tellsOutputs });
  const lora = loraOptions ? createLoraLayers(loraOptions, config) : undefined;
  const saved = savedModules(loraOptions?.modulesToSave ?? [], config);
  return {
    config: saved.config,
    routing: routed,
    init(key, weights) {
      const experts: Record<string, HostTensor> = {};
      for (const { name, module, experts: count } of sites) {
        const { inputs, outputs } = siteShape(config, name);
        const rows = count * mixture.rank;
        experts[NAMES.loraA(module)] = kaimingUniformA(key.fold(module), rows, inputs);
        experts[NAMES.loraB(module)] = HostTensor.zeros([outputs, rows]);
      }
      const routing = routed.init(key);
      return {
        ...routing,
        trainable: layerByLayer({ ...lora?.init(key), ...experts, ...routing.trainable, ...saved.init(weights) }),
      };
    },
    randomInputs(key, tokens) {
      const inputs = { ...lora?.randomInputs(key, tokens), ...routed.randomInputs(key, tokens) };
      if (mixture.dropout === 0) return inputs;
      for (const { name, module } of sites) {
        inputs[module] = keepMask(key.fold(module), [tokens, siteShape(config, name).inputs], mixture.dropout);
      }
      return inputs;
    },
    bind: (params, context) => bindMoeLora({ mixture, places, routed, lora }, params, context),
    replacedWeights: (base, trainable) => saved.replacedWeights(base, trainable),
  };
}

/** The same tensors, those of one decoder layer after the other and all others behind them. */
function layerByLayer(tensors: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> {
  const layerOf = (name: string) => Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? Infinity);
  const entries = Object.entries(tensors).map(([name, tensor]) => ({ name, tensor, layer: layerOf(name) }));
  entries.sort((one, other) => (one.layer === other.layer ? 0 : one.layer - other.layer));
  return Object.fromEntries(entries.map(({ name, tensor }) => [name, tensor]));
}

/** What of a mixture's options does not fit together, whatever the model. */
export function mixtureProblem(
  { form, routing, targets, experts, selector: choice }: MixtureOptions,
  selector: Selector,
): AdapterProblem | undefined {
  if (form === 'ffn' && routing === 'projection' && targets.some((site) => /gate|up|down/.test(site))) {
    return {
      field: 'mixture.form',
      message: "must be additive beside routing 'projection': whole networks as experts have one router",
    };
  }
  const fewest = smallest([experts].flat());
  if (selector.slots(fewest) <= fewest) return undefined;
  return {
    field: typeof choice['k'] === 'number' ? 'mixture.selector.k' : 'mixture.selector',
    message: `must be at most the experts of a layer (${fewest}): lower it or raise adapter.mixture.experts`,
  };
}

export const moeLoraAdapter = defineComponent(adapterKind, {
  id: 'moe-lora',
  description: 'routed mixture of LoRA experts on any linear layers, with plain LoRA beside it (GMoE, MixLoRA, MoLA)',
  options: moeLoraSchema,
  create({ lora, mixture }, build) {
    const selector = build(selectorKind, mixture.selector);
    const problem = lora && loraProblem(lora);
    return {
      routed: true,
      selector,
      tellsOutputs: mixture.form === 'additive',
      problem: problem ? { ...problem, field: `lora.${problem.field}` } : mixtureProblem(mixture, selector),
      build: (settings) => createMoeLora({ ...settings, lora, mixture, selector }),
    };
  },
});
