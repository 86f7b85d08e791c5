import type { SweepResults } from '@gmoe/report';

/**
 * The results of a sweep's folder: arms, trials, metrics, predictions, curves.
 *
 * @throws UserError if there is no sweep in it
 */
export async function loadResults(folder: string): Promise<SweepResults> {
  // Loaded here, so that plug-ins do not wait for the charting library.
  const report = await import('@gmoe/report');
  return report.loadResults(folder);
}
