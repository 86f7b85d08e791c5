/** Values of another option beside which an option applies; `set`: any but null, false, 0 and the empty list. */
type Condition<Value = unknown> = readonly Value[] | 'set';

/**
 * By option, the values of others beside which it means something: `{ edgeSeed: { edges: ['random'] } }`. Several
 * conditions must all hold.
 */
export type Applicability<Options = Record<string, unknown>> = {
  readonly [Option in keyof Options]?: { readonly [Other in keyof Options]?: Condition<Options[Other]> };
};

/** Why an option does not apply beside these values, as `applies only with edges: random (edges is "full")`. */
export function whyNotApplicable(
  appliesWhen: Applicability | undefined,
  option: string,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const [other, allowed] of Object.entries(appliesWhen?.[option] ?? {})) {
    if (allowed === undefined || holds(allowed, values[other])) continue;
    const wanted = allowed === 'set' ? `${other} set` : `${other}: ${allowed.map(show).join(' or ')}`;
    return `applies only with ${wanted} (${other} is ${show(values[other])})`;
  }
  return undefined;
}

function holds(allowed: Condition, value: unknown): boolean {
  if (allowed !== 'set') return allowed.includes(value);
  return (
    value !== undefined &&
    value !== null &&
    value !== false &&
    value !== 0 &&
    !(Array.isArray(value) && value.length === 0)
  );
}

const show = (value: unknown): string =>
  value === undefined ? 'absent' : typeof value === 'string' ? value : JSON.stringify(value);
