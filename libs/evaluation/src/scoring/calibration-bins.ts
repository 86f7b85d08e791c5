import { z } from 'zod';

/** Option of scorings that give probabilities. */
export const calibrationBins = z.int().min(2).default(15).describe('bins of the expected calibration error');
