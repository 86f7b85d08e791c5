import { applyDropout, loraUpdate, scalingFactor } from '@gmoe/adapters-lora';
import {
  lossOfStep,
  passSums,
  type CoordinationContext,
  type CoordinationStrategy,
  type LayerRouting,
} from '@gmoe/coordination-core';
import { sitePath, type SiteName } from '@gmoe/model';
import type { Router, RouterSpec, Selection } from '@gmoe/routers-core';
import type { tf } from '@gmoe/tensor';
import type { Adapter, AdapterParams, AdapterSettings, BoundAdapter, PassInputs } from './adapter.js';
import { assignedCounts, expertCounts } from './expert-load.js';
import { mixtureAdditive, mixtureFfn, type ExpertFactors, type FfnBase } from './mixture-forward.js';
import { below, NAMES, prefixed } from './names.js';

/** An adapter's forward pass over parameters inside a program. */
export function bindAdapter(
  { lora, mixture, router, selector, coordination = [] }: AdapterSettings,
  { trainable, frozen, state }: AdapterParams,
  { tokenMask_T, training, draws = {}, step }: PassInputs,
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
      glu: base.glu,
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
    const usage = step ? { step: { tokens: step.tokens, assigned_E: step.assigned[layer]! } } : {};
    const context = { tokenMask_T, training, ...noise, ...usage };
    const output = router!.route(
      { trainable: below(trainable, prefix), frozen: below(frozen, prefix), state: below(state, prefix) },
      x_TD,
      context,
      routerSpec(layer),
    );
    const selection = selector!.select(output, context);
    passed[layer] = {
      logits_TE: output.logits_TE,
      probs_TE: output.probs_TE,
      mask_TE: selection.mask_TE,
      ...(selection.assigned_TE ? { assigned_TE: selection.assigned_TE } : {}),
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

  const lossOf = (strategy: CoordinationStrategy) => (context: CoordinationContext) => {
    const prefix = NAMES.coordination(strategy.id);
    const params = { trainable: below(trainable, prefix), state: below(state, prefix) };
    return strategy.loss(params, context, coordinationSpec);
  };

  return {
    hooks: {
      linear: (site, x_TD, base) => adapted(site.layer, site.name, x_TD, base),
      ...(mixture ? { ffn: (layer, x_TD, base) => mixtureForward(layer, x_TD, base) } : {}),
    },
    routing,
    assigned: () => assignedCounts(routing()),
    stepSums: () =>
      Object.fromEntries(coordination.map((strategy) => [strategy.id, passSums(lossOf(strategy), routing())])),
    coordinate() {
      const metrics: Record<string, tf.Tensor> = {};
      const next: Record<string, tf.Tensor> = {};
      const parts = coordination.map((strategy) => {
        const prefix = NAMES.coordination(strategy.id);
        const totals = step?.totals;
        const result = totals
          ? lossOfStep(lossOf(strategy), routing(), { sums: totals.sums[strategy.id]!, batches: totals.batches })
          : lossOf(strategy)(routing());
        Object.assign(metrics, prefixed(result.metrics, `${strategy.id}/`));
        Object.assign(next, prefixed(result.state, prefix));
        return { id: strategy.id, coefficient: strategy.coefficient, loss: result.loss };
      });
      return { parts, metrics, state: next };
    },
    nextRouterState: () =>
      router?.nextState ? nextRouterState(router, state, expertCounts(routing()), routerSpec) : {},
  };
}

/** The routers' state after an optimizer step; none where the router has none. */
export function nextRouterState(
  router: Router | undefined,
  state: AdapterParams['state'],
  loads: readonly tf.Tensor1D[],
  routerSpec: (layer: number) => RouterSpec,
): Record<string, tf.Tensor> {
  const next: Record<string, tf.Tensor> = {};
  if (!router?.nextState) return next;
  loads.forEach((load_E, layer) => {
    const prefix = NAMES.router(layer);
    Object.assign(next, prefixed(router.nextState!(below(state, prefix), { load_E }, routerSpec(layer)), prefix));
  });
  return next;
}

function mustHave(draws: AdapterParams['state'], name: string): tf.Tensor {
  const found = draws[name];
  if (!found) throw new Error(`training needs the random draw '${name}' (Adapter.draw)`);
  return found;
}
