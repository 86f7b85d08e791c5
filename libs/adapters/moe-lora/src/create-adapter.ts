import { initLora, kaimingUniformA, keepMask } from '@gmoe/adapters-lora';
import { UserError } from '@gmoe/core';
import { sitePath, siteShape, type SiteName } from '@gmoe/model';
import type { RouterSpec } from '@gmoe/routers-core';
import { HostTensor } from '@gmoe/tensor';
import type { Adapter, AdapterSettings } from './adapter.js';
import { bindAdapter, nextRouterState } from './bind-adapter.js';
import { expertsPerLayer } from './experts-per-layer.js';
import { NAMES, prefixed } from './names.js';

/**
 * Composes plain LoRA on any linear layers with a routed mixture of LoRA experts on the feed-forward networks.
 * @throws UserError on settings that do not fit together
 */
export function createAdapter(settings: AdapterSettings): Adapter {
  const { config, lora, mixture, router, coordination = [] } = settings;
  check(settings);
  const experts = mixture ? expertsPerLayer(mixture.experts, config.layers) : [];
  const slots = experts.map((count) => slotsOf(settings, count));
  const routerSpec = (layer: number): RouterSpec => ({
    modelWidth: config.hiddenSize,
    experts: experts[layer]!,
    topK: slots[layer]!,
    layer,
  });
  const coordinationSpec = { expertsPerLayer: experts, topK: Math.max(0, ...slots) };
  const layers = Array.from({ length: config.layers }, (_, layer) => layer);

  return {
    settings,
    expertsPerLayer: experts,
    coordinationSpec,

    init(key) {
      const trainable: Record<string, HostTensor> = {};
      const frozen: Record<string, HostTensor> = {};
      const state: Record<string, HostTensor> = {};
      const warnings = new Map<string, number[]>();
      const addFactors = (path: string, factors: { a: HostTensor; b: HostTensor }) => {
        trainable[NAMES.loraA(path)] = factors.a;
        trainable[NAMES.loraB(path)] = factors.b;
      };
      for (const layer of layers) {
        for (const site of lora?.targets ?? []) {
          const path = sitePath({ layer, name: site });
          addFactors(path, initLora(key.fold(path), siteShape(config, site), lora!.rank));
        }
        if (!mixture) continue;
        for (const site of mixture.targets) {
          const path = NAMES.experts(layer, site);
          const size = siteShape(config, site);
          const rows = experts[layer]! * mixture.rank;
          addFactors(path, {
            a: kaimingUniformA(key.fold(path), rows, size.inputs),
            b: HostTensor.zeros([size.outputs, rows]),
          });
        }
        const name = NAMES.router(layer);
        const drawn = router!.init(key.fold(name), routerSpec(layer));
        Object.assign(trainable, prefixed(drawn.trainable, name));
        Object.assign(frozen, prefixed(drawn.frozen, name));
        Object.assign(state, prefixed(drawn.state, name));
        for (const warning of drawn.warnings) warnings.set(warning, [...(warnings.get(warning) ?? []), layer]);
      }
      for (const strategy of coordination) {
        const drawn = strategy.init(coordinationSpec);
        Object.assign(trainable, prefixed(drawn.trainable, NAMES.coordination(strategy.id)));
        Object.assign(state, prefixed(drawn.state, NAMES.coordination(strategy.id)));
      }
      return { trainable, frozen, state, warnings: [...warnings].map(([text, at]) => `${layersText(at)}: ${text}`) };
    },

    draw(key, tokens) {
      const draws: Record<string, HostTensor> = {};
      const keep = (name: string, site: SiteName, rate: number) => {
        draws[name] = keepMask(key.fold(name), [tokens, siteShape(config, site).inputs], rate);
      };
      for (const layer of layers) {
        if (lora?.dropout) for (const site of lora.targets) keep(sitePath({ layer, name: site }), site, lora.dropout);
        if (mixture?.dropout) {
          for (const site of mixture.targets) keep(NAMES.experts(layer, site), site, mixture.dropout);
        }
        if (mixture && router!.needsNoise) {
          const name = `${NAMES.router(layer)}noise`;
          draws[name] = key.fold(name).normal([tokens, experts[layer]!]);
        }
      }
      return draws;
    },

    bind: (params, inputs) => bindAdapter(settings, params, inputs, routerSpec, coordinationSpec),
    nextRouterState: (state, loads) => nextRouterState(router, state, loads, routerSpec),
  };
}

function layersText(layers: readonly number[]): string {
  return layers.length === 1 ? `layer ${layers[0]!}` : `layers ${layers.join(', ')}`;
}

function slotsOf({ selector }: AdapterSettings, experts: number): number {
  const slots = selector!.slots(experts);
  if (slots <= experts) return slots;
  throw new UserError(
    `adapter.mixture.selector: '${selector!.id}' takes ${slots} experts per token, a layer has ${experts}; allowed: at most ${experts}`,
  );
}

function check({ lora, mixture, router, selector, coordination = [] }: AdapterSettings): void {
  if (!lora && !mixture) throw new UserError('adapter: lora and mixture are both null; allowed: at least one of them');
  if (mixture && (!router || !selector)) throw new UserError('router: a mixture needs a router and a selector');
  if (!mixture && coordination.length > 0) {
    throw new UserError(`coordination: '${coordination[0]!.id}' needs a mixture (adapter.mixture is null)`);
  }
  const ids = coordination.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice) throw new UserError(`coordination: '${twice}' stands twice; allowed: each strategy once`);
}
