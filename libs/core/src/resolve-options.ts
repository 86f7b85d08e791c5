import type { z } from 'zod';
import type { Fidelity, FidelityOptions } from './fidelity.js';
import { parseOptions } from './parse-options.js';

/** What of a component's definition decides its options. */
export interface OptionsDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly options: Schema;
  readonly fidelity?: FidelityOptions;
}

/**
 * A component's options under a fidelity: the schema's defaults, over them what the fidelity sets, over that `raw`.
 *
 * @throws UserError as `parseOptions`
 */
export function resolveOptions<Schema extends z.ZodType>(
  { options, fidelity: byFidelity }: OptionsDefinition<Schema>,
  raw: Readonly<Record<string, unknown>>,
  fidelity: Fidelity,
  where = '',
): z.output<Schema> {
  return parseOptions(options, { ...byFidelity?.[fidelity], ...raw }, where);
}
