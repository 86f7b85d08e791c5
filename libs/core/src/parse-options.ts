import type { z } from 'zod';
import { didYouMean } from './did-you-mean.js';
import { UserError } from './user-error.js';

/**
 * Checks options against their schema. The first problem becomes one line that names the field, the value and what is
 * allowed.
 *
 * @param where prefix for field names, e.g. the file's name; `--` for options of a command line, which are named as typed
 * @param path where `input` stands in the whole, for field names
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  where = '',
  path: readonly PropertyKey[] = [],
): z.output<Schema> {
  const result = schema.safeParse(input, { error: sayWhatIsAllowed });
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  const field = [...path, ...issue.path].map(String).join('.');
  const value = issue.path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
  const shown = value === undefined || issue.code === 'unrecognized_keys' ? '' : ` (got ${abbreviate(show(value))})`;
  const more = result.error.issues.length > 1 ? ` (and ${result.error.issues.length - 1} more)` : '';
  const named = where === '--' ? `--${kebabCase(field)}` : [where, field].filter(Boolean).join(': ');
  throw new UserError(`${named}: ${issue.message}${shown}${more}`);
}

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** As JSON; NaN and infinities, which JSON lacks, as they are. */
function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

type Issue = z.core.$ZodIssue;

/** The first issue; of a union the branch that came furthest. */
function deepest(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): Issue {
  const issue = issues[0]!;
  const path = [...prefix, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.filter((branch) => branch.length > 0).map((branch) => deepest(branch, path));
    const best = branches.sort((a, b) => b.path.length - a.path.length)[0];
    if (best && best.path.length > path.length) return best;
  }
  return { ...issue, path } as Issue;
}

function abbreviate(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Where zod's own message does not say what is missing or which keys an object has. */
const sayWhatIsAllowed: z.core.$ZodErrorMap = (issue) => {
  if (typeof issue.input === 'number' && !Number.isFinite(issue.input)) return 'must be a finite number';
  if (issue.code === 'invalid_type' && issue.input === undefined) return `is missing: expected ${issue.expected}`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message;
  if (issue.code !== 'unrecognized_keys') return undefined;
  const { shape } = issue.inst?._zod.def as { shape?: Readonly<Record<string, unknown>> };
  if (!shape) return undefined;
  const known = Object.keys(shape);
  const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
  return `Unrecognized key: ${keys}; ${didYouMean(issue.keys[0]!, known)}known: ${known.join(', ')}`;
};
