import { applyDropout, initLora, kaimingUniformA, keepMask, loraUpdate, scalingFactor } from '@gmoe/adapters-lora';
import type { LayerRouting } from '@gmoe/coordination-core';
import { UserError } from '@gmoe/core';
import type { RouterSpec, Selection } from '@gmoe/routers-core';
import { sitePath, siteShape, type SiteName } from '@gmoe/model';
import { HostTensor, type tf } from '@gmoe/tensor';
import type { Adapter, AdapterParams, AdapterSettings, BoundAdapter, PassInputs } from './adapter.js';
import { expertCounts } from './expert-load.js';
import { expertsPerLayer } from './experts-per-layer.js';
import { mixtureAdditive, mixtureFfn, type ExpertFactors, type FfnBase } from './mixture-forward.js';
import { below, NAMES, prefixed } from './names.js';

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
      const warnings: string[] = [];
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
        warnings.push(...drawn.warnings.map((warning) => `layer ${layer}: ${warning}`));
      }
      for (const strategy of coordination) {
        const drawn = strategy.init(coordinationSpec);
        Object.assign(trainable, prefixed(drawn.trainable, NAMES.coordination(strategy.id)));
        Object.assign(state, prefixed(drawn.state, NAMES.coordination(strategy.id)));
      }
      return { trainable, frozen, state, warnings };
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
  };
}

function bindAdapter(
  { lora, mixture, router, selector, coordination = [] }: AdapterSettings,
  { trainable, frozen, state }: AdapterParams,
  { tokenMask_T, training, draws = {} }: PassInputs,
  routerSpec: (layer: number) => RouterSpec,
  coordinationSpec: Adapter['coordinationSpec'],
): BoundAdapter {
  const loraScaling = lora ? scalingFactor(lora) : 0;
  const targets = new Set<string>(lora?.targets);
  const passed: LayerRouting[] = [];

  const tensor = (name: string): tf.Tensor2D => {
    const found = trainable[name];
    if (!found) throw new Error(`the adapter's parameters lack '${name}'`);
    return found as tf.Tensor2D;
  };
  const factors = (path: string) => ({ a: tensor(NAMES.loraA(path)), b: tensor(NAMES.loraB(path)) });
  const dropped = <X extends tf.Tensor>(name: string, x: X, rate: number): X =>
    training && rate > 0 ? applyDropout(x, mustHave(draws, name), rate) : x;

  /** A base projection with its plain LoRA, where it is targeted. */
  const adapted = (layer: number, site: SiteName, x: tf.Tensor2D, base: (x: tf.Tensor2D) => tf.Tensor2D) => {
    if (!lora || !targets.has(site)) return base(x);
    const path = sitePath({ layer, name: site });
    return base(x).add<tf.Tensor2D>(loraUpdate(dropped(path, x, lora.dropout), factors(path), loraScaling));
  };

  const mixtureForward = (layer: number, x_TD: tf.Tensor2D, base: FfnBase): tf.Tensor2D => {
    const selection = route(layer, x_TD);
    const updates: ExpertFactors = Object.fromEntries(
      mixture!.targets.map((site) => [site, factors(NAMES.experts(layer, site))]),
    );
    const forward = mixture!.form === 'ffn' ? mixtureFfn : mixtureAdditive;
    // Plain LoRA on the network's projections belongs to the base that the experts share.
    const shared: FfnBase = {
      gate: (x) => adapted(layer, 'gate_proj', x, base.gate),
      up: (x) => adapted(layer, 'up_proj', x, base.up),
      down: (x) => adapted(layer, 'down_proj', x, base.down),
    };
    return forward(x_TD, shared, updates, selection, {
      rank: mixture!.rank,
      scaling: scalingFactor(mixture!),
      dropout: (site, x) => dropped(NAMES.experts(layer, site), x, mixture!.dropout),
    });
  };

  const route = (layer: number, x_TD: tf.Tensor2D): Selection => {
    const prefix = NAMES.router(layer);
    const noise = training && router!.needsNoise ? { noise_TE: mustHave(draws, `${prefix}noise`) as tf.Tensor2D } : {};
    const output = router!.route(
      { trainable: below(trainable, prefix), frozen: below(frozen, prefix), state: below(state, prefix) },
      x_TD,
      { tokenMask_T, training, ...noise },
      routerSpec(layer),
    );
    const selection = selector!.select(output);
    passed[layer] = {
      logits_TE: output.logits_TE,
      probs_TE: output.probs_TE,
      mask_TE: selection.mask_TE,
      gates_TE: selection.gates_TE,
    };
    return selection;
  };

  const routing = () => {
    const layers = coordinationSpec.expertsPerLayer.map((_, layer) => {
      const found = passed[layer];
      if (!found) throw new Error(`mixture layer ${layer} has not run: give the hooks to the decoder first`);
      return found;
    });
    return { layers, tokenMask_T };
  };

  return {
    hooks: {
      linear: (site, x_TD, base) => adapted(site.layer, site.name, x_TD, base),
      ...(mixture ? { ffn: (layer, x_TD, base) => mixtureForward(layer, x_TD, base) } : {}),
    },
    routing,
    coordinate() {
      const metrics: Record<string, tf.Tensor> = {};
      const next: Record<string, tf.Tensor> = {};
      const parts = coordination.map((strategy) => {
        const prefix = NAMES.coordination(strategy.id);
        const params = { trainable: below(trainable, prefix), state: below(state, prefix) };
        const result = strategy.loss(params, routing(), coordinationSpec);
        Object.assign(metrics, prefixed(result.metrics, `${strategy.id}/`));
        Object.assign(next, prefixed(result.state, prefix));
        return { id: strategy.id, coefficient: strategy.coefficient, loss: result.loss };
      });
      return { parts, metrics, state: next };
    },
    nextRouterState() {
      const next: Record<string, tf.Tensor> = {};
      if (!router?.nextState) return next;
      expertCounts(routing()).forEach((load_E, layer) => {
        const prefix = NAMES.router(layer);
        Object.assign(next, prefixed(router.nextState!(below(state, prefix), { load_E }, routerSpec(layer)), prefix));
      });
      return next;
    },
  };
}

function mustHave(draws: AdapterParams['state'], name: string): tf.Tensor {
  const found = draws[name];
  if (!found) throw new Error(`training needs the random draw '${name}' (Adapter.draw)`);
  return found;
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
