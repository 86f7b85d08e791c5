import type { ComponentChoice } from '@gmoe/core';
import type { StoredWeights } from '@gmoe/model';

/** A component that an adapter is made of. */
export interface NeededComponent {
  /** Name of its kind: `router`. */
  readonly kind: string;
  readonly id: string;
}

/** What an adapter is, apart from its tensors: enough to build it again. */
export interface AdapterDescription {
  /** The adapter with its options, as in a trial config. */
  readonly adapter: ComponentChoice;
  /** Router with its options; null where nothing is routed. */
  readonly router: ComponentChoice | null;
  /** Strategies with their options. */
  readonly coordination: readonly ComponentChoice[];
  /** Everything that a config names by id to build it again; empty for PEFT's own adapters and files of older versions. */
  readonly components: readonly NeededComponent[];
  /** Name or folder of the base model. */
  readonly baseModel: string | null;
  /** How the base's weights were held in training; default float32. */
  readonly baseWeights?: StoredWeights;
}
