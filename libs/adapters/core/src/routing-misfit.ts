import type { CoordinationStrategy } from '@gmoe/coordination-core';
import type { Router, Selector } from '@gmoe/routers-core';

/** The parts of a routing that a config chooses one by one. */
export interface RoutingParts {
  readonly router: Router;
  readonly selector: Selector;
  readonly coordination: readonly CoordinationStrategy[];
  /** Whether the adapter tells inner products of its experts' outputs (`BoundRoutedLayers.outputs`). */
  readonly tellsOutputs?: boolean | undefined;
}

/** Which of the parts does not fit another, with the field that a config names it by; undefined where all fit. */
export function routingMisfit({
  router,
  selector,
  coordination,
  tellsOutputs = false,
}: RoutingParts): { readonly field: string; readonly message: string } | undefined {
  if (router.ranks && selector.ranked === false) {
    return {
      field: 'router',
      message: `'${router.id}' balances by a bias on the scores that experts are ranked by, and selector '${selector.id}' does not rank; allowed beside it: top-k, top-p, switch`,
    };
  }
  for (const { id, needs } of coordination) {
    if (needs === 'map_ED' && !router.linear) {
      return {
        field: 'coordination',
        message: `'${id}' needs a router that is a linear map of the token, and '${router.id}' is not; allowed: linear, switch, sigmoid-bias`,
      };
    }
    if (needs === 'sparsity_T' && !selector.sparsity) {
      return {
        field: 'coordination',
        message: `'${id}' needs a selector that learns how sparse a choice is, and '${selector.id}' does not; allowed: sparsegen`,
      };
    }
    if (needs === 'outputProducts' && !tellsOutputs) {
      return {
        field: 'coordination',
        message: `'${id}' needs experts that are summed updates of a linear layer; allowed: adapter moe-lora with mixture.form additive, hydra-lora`,
      };
    }
  }
  return undefined;
}
