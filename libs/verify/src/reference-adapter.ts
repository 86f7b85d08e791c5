import { loraSchema } from '@gmoe/adapters-lora';
import type { Adapter } from '@gmoe/adapters-core';
import { createMoeLora, mixtureSchema } from '@gmoe/adapters-moe-lora';
import type { CoordinationStrategy } from '@gmoe/coordination-core';
import { createComponent, type Component } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import { topKSelector, type Router } from '@gmoe/routers-core';

/** The numbers of a golden's adapter. */
export interface AdapterNumbers {
  readonly experts: number;
  readonly top_k: number;
  readonly r: number;
  readonly alpha: number;
}

/** The product's adapter with a golden's numbers: FFN experts on gate, up, down; plain LoRA on q, k, v, o if asked. */
export function referenceAdapter(
  config: ModelConfig,
  { experts, top_k, r, alpha }: AdapterNumbers,
  router: Router,
  coordination: readonly CoordinationStrategy[],
  withLora: boolean,
): Adapter {
  return createMoeLora({
    config,
    lora: withLora ? loraSchema.parse({ rank: r, alpha }) : null,
    mixture: mixtureSchema.parse({ experts, rank: r, alpha }),
    router,
    selector: topKSelector.create({ k: top_k }),
    coordination,
  });
}

/** A strategy with the authors' options. */
export function referenceStrategy(
  definition: Component<CoordinationStrategy>,
  options: Readonly<Record<string, unknown>>,
): CoordinationStrategy {
  return createComponent(definition, options, { fidelity: 'reference' });
}
