import { SweepStore, type PlannedTrial } from '@gmoe/experiment';

/** What the published attempt of a trial left. @param out the sweep's folder */
export function publishedFolder(out: string, { trial }: { readonly trial: Pick<PlannedTrial, 'hash'> }): string {
  return SweepStore.open(out).publishedFolder(trial.hash)!;
}
