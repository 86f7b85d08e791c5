import { STORED_WEIGHTS } from '@gmoe/model';
import { COMPUTES } from '@gmoe/tensor';
import { z } from 'zod';

/** How commands name a model: base, adapter, and how the base is held and computed with. */
export const modelOptionsShape = {
  base: z.string().optional(),
  weights: z.enum(STORED_WEIGHTS).optional(),
  compute: z.enum(COMPUTES).default('float32'),
  adapter: z.string().optional(),
};

export const WEIGHTS_OPTION = `how the base is held: ${STORED_WEIGHTS.join(' | ')} (default: as the adapter's was, else float32)`;
export const COMPUTE_OPTION = `products with the base: ${COMPUTES.join(' | ')} (default: float32)`;
