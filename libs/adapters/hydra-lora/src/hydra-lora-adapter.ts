import {
  adapterKind,
  createRoutedLayers,
  NAMES,
  outputProducts,
  parameter,
  randomInput,
  type Adapter,
  type AdapterSettings,
} from '@gmoe/adapters-core';
import { applyDropout, kaimingUniformA, keepMask, scalingFactor } from '@gmoe/adapters-lora';
import { defineComponent, UserError } from '@gmoe/core';
import { sitePath, siteShape } from '@gmoe/model';
import { selectorKind, type Selector } from '@gmoe/routers-core';
import { HostTensor } from '@gmoe/tensor';
import { hydraUpdate } from './hydra-update.js';
import { hydraLoraSchema, type HydraLoraOptions } from './options.js';

export interface HydraLoraSettings extends AdapterSettings {
  readonly options: HydraLoraOptions;
  readonly selector: Selector;
}

/**
 * HydraLoRA (Tian et al. 2024, arXiv 2404.19245, eq. 5): `W x + scaling sum_e w_e(x) B_e A x`. One A is shared by E heads B_e, and each
 * linear layer has a router on its own input; the paper's is `router: { id: linear }` with the dense selector.
 * @throws UserError on settings that do not fit together
 */
export function createHydraLora({ config, options, router, selector, coordination = [] }: HydraLoraSettings): Adapter {
  if (!router) throw new UserError('router: HydraLoRA needs a router; that of its paper is linear');
  const { experts, rank, dropout } = options;
  const sites = Array.from({ length: config.layers }, (_, layer) =>
    options.targets.map((name) => ({
      ...siteShape(config, name),
      layer,
      path: sitePath({ layer, name }),
      module: NAMES.experts(layer, name),
      router: NAMES.siteRouter(layer, name),
    })),
  ).flat();
  const indexOf = new Map(sites.map(({ path }, index) => [path, index]));
  const routed = createRoutedLayers({
    layers: sites.map(({ router: name, inputs }) => ({ name, width: inputs, experts })),
    router,
    selector,
    coordination,
    tellsOutputs: true,
  });
  return {
    config,
    routing: routed,
    init(key) {
      const factors: Record<string, HostTensor> = {};
      for (const { module, inputs, outputs } of sites) {
        factors[NAMES.loraA(module)] = kaimingUniformA(key.fold(module), rank, inputs);
        factors[NAMES.loraB(module)] = HostTensor.zeros([outputs, experts * rank]);
      }
      const routing = routed.init(key);
      return { ...routing, trainable: { ...factors, ...routing.trainable } };
    },
    randomInputs: (key, tokens) => ({
      ...routed.randomInputs(key, tokens),
      ...(dropout === 0
        ? {}
        : Object.fromEntries(
            sites.map(({ module, inputs }) => [module, keepMask(key.fold(module), [tokens, inputs], dropout)]),
          )),
    }),
    bind(params, context) {
      const { route, outputs, routing } = routed.bind(params, context);
      return {
        routing,
        hooks: {
          linear(place, x_TI, base) {
            const index = indexOf.get(sitePath(place));
            if (index === undefined) return base(x_TI);
            const { module } = sites[index]!;
            const drops = context.training && dropout > 0;
            const input_TI = drops ? applyDropout(x_TI, randomInput(context.randomInputs, module), dropout) : x_TI;
            const factors = {
              a: parameter(params.trainable, NAMES.loraA(module)),
              b: parameter(params.trainable, NAMES.loraB(module)),
            };
            const { gates_TE } = route(index, x_TI);
            const { update_TO, inner_TM } = hydraUpdate(input_TI, factors, gates_TE, scalingFactor(options));
            outputs(index, () => outputProducts(inner_TM, factors.b, experts));
            return base(x_TI).add(update_TO);
          },
        },
      };
    },
  };
}

export const hydraLoraAdapter = defineComponent(adapterKind, {
  id: 'hydra-lora',
  description: 'one shared A and many heads B, mixed by a router on each linear layer (HydraLoRA, Tian et al. 2024)',
  options: hydraLoraSchema,
  create(options, build) {
    const selector = build(selectorKind, options.selector);
    return {
      routed: true,
      selector,
      tellsOutputs: true,
      problem:
        selector.slots(options.experts) <= options.experts
          ? undefined
          : { field: 'selector', message: `takes more experts per token than there are (${options.experts})` },
      build: (settings) => createHydraLora({ ...settings, options, selector }),
    };
  },
});
