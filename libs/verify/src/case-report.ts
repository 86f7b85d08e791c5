import type { EngineName } from '@gmoe/tensor';

/** How two tensors are compared. */
export type Measure =
  /** Largest |got - expected| over the largest |expected|. */
  | 'relative'
  /** Largest |got - expected|. */
  | 'absolute';

/** One output or gradient of a case against the golden's. */
export interface Check {
  readonly name: string;
  readonly measure: Measure;
  /** Infinite where a value is not finite, or where shapes differ. */
  readonly error: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** What one case gave on one engine. */
export interface CaseReport {
  /** The case's file name without its ending. */
  readonly name: string;
  /** Absent for a case that is not known. */
  readonly kind?: string;
  /** Absent where the case could not be read. */
  readonly engine?: EngineName;
  readonly passed: boolean;
  readonly checks: readonly Check[];
  /** The check that used up most of its tolerance. */
  readonly worst?: Check;
  /** Tensors of the golden that nothing reads: not part of the layout. */
  readonly unread: readonly string[];
  /** Why the case could not be read or run; one line. */
  readonly failure?: string;
  readonly seconds: number;
}

/** The check with the largest error in terms of its tolerance. */
export function worstOf(checks: readonly Check[]): Check | undefined {
  const used = ({ error, tolerance }: Check) => (tolerance === 0 ? (error === 0 ? 0 : Infinity) : error / tolerance);
  return checks.reduce<Check | undefined>(
    (worst, check) => (worst === undefined || used(check) > used(worst) ? check : worst),
    undefined,
  );
}
