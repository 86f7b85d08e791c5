import type { CoordinationStrategy } from '@gmoe/coordination-core';
import { componentKind } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import type { Router, Selector } from '@gmoe/routers-core';
import type { Adapter } from './adapter.js';

/** What an adapter is built on, beside its own options. */
export interface AdapterSettings {
  /** Of the base model. */
  readonly config: ModelConfig;
  /** Exactly where the adapter is `routed`. */
  readonly router?: Router;
  /** Auxiliary losses over the routing, each once; none where nothing is routed. */
  readonly coordination?: readonly CoordinationStrategy[];
}

/** Something that does not fit in an adapter's options, found without a model. */
export interface AdapterProblem {
  /** Path below `adapter`, e.g. `mixture.selector.k`; empty for the whole. */
  readonly field: string;
  /** Goes on after the field's name: `must be at most 4`. */
  readonly message: string;
}

/** An adapter with its options, before there is a model: what components of kind `adapter` make. */
export interface AdapterBuilder {
  /** Whether a router sends tokens to its experts: a trial must then name one, else it must not. */
  readonly routed: boolean;
  /** Chooses experts from the router's scores; exactly where it is `routed`. */
  readonly selector?: Selector;
  /** Whether losses over its experts' outputs can be taken. */
  readonly tellsOutputs?: boolean;
  /** What of the options does not fit together. */
  readonly problem?: AdapterProblem | undefined;
  /** @throws UserError on settings that do not fit the model or each other */
  build(settings: AdapterSettings): Adapter;
}

export const adapterKind = componentKind<AdapterBuilder>('adapter');
