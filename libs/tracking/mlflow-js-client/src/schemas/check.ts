import type { z } from 'zod';
import { InvalidRequestError } from '../errors.js';

/** @throws InvalidRequestError naming the call, the field and the rule. */
export function check<Schema extends z.ZodType>(schema: Schema, input: unknown, call: string): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = problemsOf(result.error);
  throw new InvalidRequestError(
    `${call}: ${problems[0]}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}`,
    problems,
  );
}

export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => [issue.path.map(String).join('.'), issue.message].filter(Boolean).join(': '));
}
