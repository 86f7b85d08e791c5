import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from './files.js';

const reopenedSchema = z.strictObject({
  attempts: z.int().min(0).describe('attempts that no longer count'),
  from: z.enum(['start', 'checkpoint']),
});

/** How a trial was last reopened; by default nothing is set aside. */
export function readReopened(trialFolder: string): z.output<typeof reopenedSchema> {
  return readJson(join(trialFolder, 'reopened.json'), reopenedSchema) ?? { attempts: 0, from: 'checkpoint' };
}
