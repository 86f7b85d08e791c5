import { CALIBRATION_BINS } from '@gmoe/core';
import { z } from 'zod';

/** Option of scorings that give probabilities. */
export const calibrationBins = z
  .int()
  .min(2)
  .default(CALIBRATION_BINS)
  .describe('bins of the expected calibration error');
