import {
  lossOfStep,
  passSums,
  type CoordinationContext,
  type CoordinationSpec,
  type CoordinationStrategy,
  type HostTensors,
  type LayerRouting,
  type Tensors,
} from '@gmoe/coordination-core';
import { largest, UserError } from '@gmoe/core';
import type { Router, RouterOutput, RouterSpec, RouterUsage, Selection, Selector } from '@gmoe/routers-core';
import { underPrefix, withPrefix, type HostTensor, type RandomKey, type tf } from '@gmoe/tensor';
import type {
  AdapterInit,
  AdapterParams,
  AdapterRouting,
  AuxiliaryLoss,
  BoundRouting,
  ForwardContext,
  RoutingFacts,
} from './adapter.js';
import { assignedCounts, expertCounts } from './expert-counts.js';
import { randomInput } from './pass-tensors.js';
import { routingMisfit } from './routing-misfit.js';
import { NAMES } from './tensor-names.js';

/** One place of the decoder where tokens are sent to experts. */
export interface RoutedLayer {
  /** Prefix of its router's tensors, with the dot: `model.layers.0.router.`. */
  readonly name: string;
  /** D, width of the features that the router sees. */
  readonly width: number;
  /** E. */
  readonly experts: number;
}

export interface RoutedLayersSettings {
  /** In the order in which the decoder meets them. */
  readonly layers: readonly RoutedLayer[];
  readonly router: Router;
  readonly selector: Selector;
  readonly coordination: readonly CoordinationStrategy[];
  /** Whether the adapter calls `BoundRoutedLayers.outputs`. */
  readonly tellsOutputs?: boolean;
}

/** Routing inside one pass. */
export interface BoundRoutedLayers {
  /**
   * Tells what the experts of a linear layer put out, of the layer that routed it; for each such layer once a pass. The products
   * [T, E, E] (`outputProducts`) are made only where a strategy asks for them.
   */
  outputs(layer: number, products: () => tf.Tensor3D): void;
  /** Routes the tokens of a layer. x [T, D]. Once a layer and pass. */
  route(layer: number, x_TD: tf.Tensor2D): Selection;
  readonly routing: BoundRouting;
}

/** Routers, one a layer, with a selector and auxiliary losses: the part that all routed adapters share. */
export interface RoutedLayers extends AdapterRouting {
  init(key: RandomKey): AdapterInit;
  /** Whether a strategy asks for what the experts put out (`BoundRoutedLayers.outputs`). */
  readonly readsOutputs: boolean;
  /** Noise of the routers that need it. */
  randomInputs(key: RandomKey, tokens: number): HostTensors;
  bind(params: AdapterParams, context: ForwardContext): BoundRoutedLayers;
}

/** @throws UserError if the selector takes more experts than a layer has, a strategy stands twice, or the parts do not fit */
export function createRoutedLayers(settings: RoutedLayersSettings): RoutedLayers {
  const { layers, router, selector, coordination } = settings;
  const ids = coordination.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice) throw new UserError(`coordination: '${twice}' stands twice; allowed: each strategy once`);
  const misfit = routingMisfit(settings);
  if (misfit) throw new UserError(`${misfit.field}: ${misfit.message}`);
  const specs = layers.map(({ width, experts }, layer): RouterSpec => ({
    modelWidth: width,
    experts,
    topK: slotsOf(selector, experts),
    layer,
  }));
  const spec = {
    expertsPerLayer: layers.map(({ experts }) => experts),
    topK: largest(
      specs.map(({ topK }) => topK),
      0,
    ),
  };
  return {
    spec,
    coordination,
    domains: domainsOf(coordination),
    accumulates: !selector.acrossTokens,
    acausal: selector.acausal ?? false,
    nextRouterState: (state, usage) => nextRouterState(settings, specs, state, usage),
    facts: (params) => routingFacts(settings, params),
    readsOutputs: readsProducts(coordination),
    init: (key) => initRouting(settings, specs, spec, key),
    randomInputs: (key, tokens) =>
      router.needsNoise
        ? Object.fromEntries(
            layers.map(({ name, experts }) => [noiseName(name), key.fold(noiseName(name)).normal([tokens, experts])]),
          )
        : {},
    bind: (params, context) => bindRouting(settings, specs, spec, params, context),
  };
}

function domainsOf(coordination: readonly CoordinationStrategy[]): string[] {
  return [...new Set(coordination.flatMap(({ domains = [] }) => domains))].sort();
}

const noiseName = (layer: string): string => `${layer}noise`;
const selectorName = (layer: string): string => `${layer}selector.`;

function slotsOf(selector: Selector, experts: number): number {
  const slots = selector.slots(experts);
  if (slots <= experts) return slots;
  throw new UserError(
    `adapter: selector: '${selector.id}' takes ${slots} experts per token, a layer has ${experts}; allowed: at most ${experts}`,
  );
}

function initRouting(
  { layers, router, selector, coordination }: RoutedLayersSettings,
  specs: readonly RouterSpec[],
  spec: CoordinationSpec,
  key: RandomKey,
): AdapterInit {
  const trainable: Record<string, HostTensor> = {};
  const frozen: Record<string, HostTensor> = {};
  const state: Record<string, HostTensor> = {};
  const warnings = new Map<string, number[]>();
  layers.forEach(({ name }, layer) => {
    const drawn = router.init(key.fold(name), specs[layer]!);
    Object.assign(trainable, withPrefix(drawn.trainable, name));
    Object.assign(frozen, withPrefix(drawn.frozen, name));
    Object.assign(state, withPrefix(drawn.state, name));
    const learned = selector.init?.(key.fold(selectorName(name)), specs[layer]!) ?? {};
    Object.assign(trainable, withPrefix(learned, selectorName(name)));
    for (const warning of drawn.warnings) warnings.set(warning, [...(warnings.get(warning) ?? []), layer]);
  });
  for (const strategy of coordination) {
    const drawn = strategy.init(spec);
    Object.assign(trainable, withPrefix(drawn.trainable, NAMES.coordination(strategy.id)));
    Object.assign(state, withPrefix(drawn.state, NAMES.coordination(strategy.id)));
  }
  return { trainable, frozen, state, warnings: [...warnings].map(([text, at]) => `${layersText(at)}: ${text}`) };
}

function layersText(layers: readonly number[]): string {
  return layers.length === 1 ? `layer ${layers[0]!}` : `layers ${layers.join(', ')}`;
}

function bindRouting(
  { layers, router, selector, coordination }: RoutedLayersSettings,
  specs: readonly RouterSpec[],
  spec: CoordinationSpec,
  { trainable, frozen, state }: AdapterParams,
  { tokenMask_T, segments_BS, domains_BS, training, randomInputs, step }: ForwardContext,
): BoundRoutedLayers {
  const passed: LayerRouting[] = [];
  const outputs: RouterOutput[] = [];
  const routing = (): CoordinationContext => ({
    layers: layers.map((_, layer) => {
      const found = passed[layer];
      if (!found) throw new Error(`routed layer ${layer} has not run: give the hooks to the decoder first`);
      return found;
    }),
    tokenMask_T,
    ...(segments_BS ? { segments_BS } : {}),
    ...(domains_BS ? { domains: { names: domainsOf(coordination), ids_BS: domains_BS } } : {}),
  });
  const routerScores = () => (router.stepScores ? outputs.map((output) => router.stepScores!(output)) : []);
  const lossOf = (strategy: CoordinationStrategy) => (context: CoordinationContext) => {
    const prefix = NAMES.coordination(strategy.id);
    const params = { trainable: underPrefix(trainable, prefix), state: underPrefix(state, prefix) };
    return strategy.loss(params, context, spec);
  };
  return {
    outputs(layer, make) {
      if (readsProducts(coordination)) passed[layer] = withProducts(passed[layer]!, make());
    },
    route(layer, x_TD) {
      const { name } = layers[layer]!;
      const noise =
        training && router.needsNoise ? { noise_TE: randomInput<tf.Tensor2D>(randomInputs, noiseName(name)) } : {};
      const usage = step ? { step: { tokens: step.tokens, assigned_E: step.assigned[layer]! } } : {};
      const pass = { tokenMask_T, training, ...noise, ...usage };
      const output = router.route(
        { trainable: underPrefix(trainable, name), frozen: underPrefix(frozen, name), state: underPrefix(state, name) },
        x_TD,
        pass,
        specs[layer]!,
      );
      outputs[layer] = output;
      const learned = selector.init ? { trainable: underPrefix(trainable, selectorName(name)), x_TD } : undefined;
      const selection = selector.select(output, pass, learned);
      passed[layer] = layerRouting(output, selection);
      return selection;
    },
    routing: {
      layers: routing,
      assigned: () => assignedCounts(routing()),
      stepSums: () =>
        Object.fromEntries(coordination.map((strategy) => [strategy.id, passSums(lossOf(strategy), routing())])),
      routerScores,
      losses() {
        const metrics: Record<string, tf.Tensor> = {};
        const next: Record<string, tf.Tensor> = {};
        const parts = coordination.map((strategy): AuxiliaryLoss => {
          const totals = step?.totals;
          const result = totals
            ? lossOfStep(lossOf(strategy), routing(), { sums: totals.sums[strategy.id]!, batches: totals.batches })
            : lossOf(strategy)(routing());
          Object.assign(metrics, withPrefix(result.metrics, `${strategy.id}/`));
          Object.assign(next, withPrefix(result.state, NAMES.coordination(strategy.id)));
          return { id: strategy.id, coefficient: strategy.coefficient, loss: result.loss };
        });
        return { parts, metrics, state: next };
      },
      nextRouterState() {
        if (!router.nextState) return {};
        const scores = routerScores();
        const usage = expertCounts(routing()).map((load_E, layer): RouterUsage => ({
          load_E,
          ...(scores[layer] ? { scores_TE: scores[layer], tokenMask_T } : {}),
        }));
        return nextRouterState({ layers, router }, specs, state, usage);
      },
    },
  };
}

/** What losses and counts see of a layer that has run. */
function layerRouting(output: RouterOutput, selection: Selection): LayerRouting {
  return {
    logits_TE: output.logits_TE,
    probs_TE: output.probs_TE,
    mask_TE: selection.mask_TE,
    ...(selection.assigned_TE ? { assigned_TE: selection.assigned_TE } : {}),
    gates_TE: selection.gates_TE,
    ...(output.map_ED ? { map_ED: output.map_ED } : {}),
    ...(selection.sparsity_T ? { sparsity_T: selection.sparsity_T } : {}),
  };
}

const readsProducts = (coordination: readonly CoordinationStrategy[]): boolean =>
  coordination.some(({ needs }) => needs === 'outputProducts');

function withProducts(routing: LayerRouting, products: tf.Tensor3D): LayerRouting {
  return { ...routing, outputProducts: [...(routing.outputProducts ?? []), products] };
}

/** The routers' state after an optimizer step; none where the router has none. */
function nextRouterState(
  { layers, router }: Pick<RoutedLayersSettings, 'layers' | 'router'>,
  specs: readonly RouterSpec[],
  state: Tensors,
  usage: readonly RouterUsage[],
): Record<string, tf.Tensor> {
  const next: Record<string, tf.Tensor> = {};
  if (!router.nextState) return next;
  usage.forEach((used, layer) => {
    const { name } = layers[layer]!;
    Object.assign(next, withPrefix(router.nextState!(underPrefix(state, name), used, specs[layer]!), name));
  });
  return next;
}

function routingFacts(
  { layers, router, coordination }: RoutedLayersSettings,
  { trainable, frozen, state }: { trainable: HostTensors; frozen: HostTensors; state: HostTensors },
): RoutingFacts[] {
  const told = coordination.flatMap((strategy) => {
    const prefix = NAMES.coordination(strategy.id);
    const params = { trainable: underPrefix(trainable, prefix), state: underPrefix(state, prefix) };
    return Object.entries(strategy.values?.(params) ?? {}).map(([name, perLayer]) => ({
      name: `${strategy.id}/${name}`,
      perLayer,
    }));
  });
  return layers.map(({ name }, layer) => {
    const edges = router.edges?.(underPrefix(frozen, name));
    return {
      ...(edges ? { edges } : {}),
      values: Object.fromEntries(told.map((value) => [value.name, value.perLayer[layer]!])),
    };
  });
}
