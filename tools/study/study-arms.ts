import { mean, sampleStd, type SweepResults, type TrialRecord } from '@gmoe/report';

/** Results of an arm, seed by seed. */
export interface StudyArm {
  readonly name: string;
  /** Seeds that were planned. */
  readonly planned: number;
  readonly finished: readonly Finished[];
}
export type Finished = TrialRecord & { readonly result: NonNullable<TrialRecord['result']> };

export function armsOf({ trials }: SweepResults): StudyArm[] {
  const names = [...new Set(trials.map(({ trial }) => trial.arm))];
  return names.map((name) => {
    const own = trials.filter(({ trial }) => trial.arm === name);
    return { name, planned: own.length, finished: own.filter((each): each is Finished => each.state === 'finished') };
  });
}

export const metric = (trial: Finished, name: string): number => trial.result.metrics[name] ?? Number.NaN;
export const values = ({ finished }: StudyArm, name: string): number[] =>
  finished.map((trial) => metric(trial, name)).filter(Number.isFinite);
export const meanOf = (numbers: readonly number[]): number => (numbers.length > 0 ? mean(numbers) : Number.NaN);

/** A number as a cell has it, 0 without a sign; nothing where there is none. */
export const shown = (value: number, digits: number): string =>
  Number.isFinite(value) ? value.toFixed(digits).replace(/^-(?=[0.]*$)/, '') : '';
export const percent = (value: number, digits = 1): string => shown(100 * value, digits);
export const percentRange = (interval: { readonly low: number; readonly high: number } | undefined): string =>
  interval ? `${percent(interval.low)} to ${percent(interval.high)}` : '';

/** `mean ± std` of shares, in percent; the mean alone for one seed. */
export function spread(shares: readonly number[]): string {
  if (shares.length === 0) return '';
  return shares.length > 1 ? `${percent(mean(shares))} ± ${percent(sampleStd(shares))}` : percent(shares[0]!);
}

/** A table in Markdown; prettier aligns it. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, header.map(() => '---'), ...rows];
  return all.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
