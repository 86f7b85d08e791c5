import { parseJsonLine, UserError } from '@gmoe/core';
import { trialEventSchema } from '../records/index.js';
import { LineTail } from '../store/line-tail.js';

/** What was measured at a step. */
export interface Evaluation {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

interface Followed {
  readonly tail: LineTail;
  readonly evaluations: Evaluation[];
  lines: number;
}

/** The evaluations of attempts that go on: of each file only what was added since the last look is read. */
export class EvaluationLog {
  private readonly files = new Map<string, Followed>();

  /** @throws UserError naming file and line if a complete line is no event */
  of(file: string): readonly Evaluation[] {
    const followed = this.files.get(file) ?? { tail: new LineTail(file), evaluations: [], lines: 0 };
    this.files.set(file, followed);
    for (const line of followed.tail.next()) {
      followed.lines++;
      const parsed = trialEventSchema.safeParse(parseJsonLine(line));
      if (!parsed.success) {
        throw new UserError(`${file}: line ${followed.lines} is damaged: ${parsed.error.issues[0]!.message}`);
      }
      const event = parsed.data;
      if (event.type === 'eval') followed.evaluations.push({ step: event.step, metrics: event.metrics ?? {} });
    }
    return followed.evaluations;
  }
}
