import type { Engine } from '@gmoe/tensor';
import type { Check } from './case-report.js';
import type { GoldenCase } from './golden-case.js';

/** A kind of golden: how its files are named, and how the product repeats it. */
export interface CaseKind {
  readonly id: string;
  /** Names of its cases begin with this. */
  readonly prefix: string;
  /** @throws UserError where the content does not fit the kind */
  run(golden: GoldenCase, engine: Engine): Promise<readonly Check[]>;
}
