import { z } from 'zod';

/** Options of `launcher: { id: local, … }`. */
export const localOptions = z.strictObject({
  jobs: z.int().min(1).optional().describe('worker processes; default: one per core'),
});
