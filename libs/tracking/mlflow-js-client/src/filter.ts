import { InvalidRequestError } from './errors.js';

declare const filterBrand: unique symbol;

/** A search filter in MLflow's language, made by the functions here so that names and values are quoted rightly. */
export type Filter = string & { readonly [filterBrand]: true };

interface NumberField {
  eq(value: number): Filter;
  ne(value: number): Filter;
  gt(value: number): Filter;
  ge(value: number): Filter;
  lt(value: number): Filter;
  le(value: number): Filter;
}

interface TextField {
  eq(value: string): Filter;
  ne(value: string): Filter;
  /** `%` stands for any text, case counts. */
  like(pattern: string): Filter;
  /** The same where case does not count. */
  ilike(pattern: string): Filter;
}

export function metric(key: string): NumberField {
  return numberField(`metrics.${quoteName(key)}`);
}

export function param(key: string): TextField {
  return textField(`params.${quoteName(key)}`);
}

export function tag(key: string): TextField {
  return textField(`tags.${quoteName(key)}`);
}

/** What every run (or experiment) has. Times in epoch milliseconds. */
export const attribute = {
  status: textField('attributes.status'),
  runName: textField('attributes.run_name'),
  runId: textField('attributes.run_id'),
  artifactUri: textField('attributes.artifact_uri'),
  userId: textField('attributes.user_id'),
  startTime: numberField('attributes.start_time'),
  endTime: numberField('attributes.end_time'),
  /** Of experiments. */
  name: textField('name'),
  creationTime: numberField('creation_time'),
} as const;

/** All of them; MLflow has no `or`. */
export function and(...filters: readonly Filter[]): Filter {
  return filters.join(' AND ') as Filter;
}

export function filterText(filter: Filter | undefined): string | undefined {
  return filter === undefined || filter === '' ? undefined : filter;
}

function numberField(field: string): NumberField {
  const compare = (operator: string) => (value: number) => {
    if (!Number.isFinite(value)) throw new InvalidRequestError(`filter on ${field}: ${value} cannot be compared with`);
    return `${field} ${operator} ${value}` as Filter;
  };
  return {
    eq: compare('='),
    ne: compare('!='),
    gt: compare('>'),
    ge: compare('>='),
    lt: compare('<'),
    le: compare('<='),
  };
}

function textField(field: string): TextField {
  const compare = (operator: string) => (value: string) => `${field} ${operator} ${quoteValue(field, value)}` as Filter;
  return { eq: compare('='), ne: compare('!='), like: compare('LIKE'), ilike: compare('ILIKE') };
}

function quoteName(key: string): string {
  if (/^[A-Za-z_]\w*$/.test(key)) return key;
  if (!key.includes('`')) return `\`${key}\``;
  throw new InvalidRequestError(`filter: the key ${JSON.stringify(key)} cannot be quoted`);
}

function quoteValue(field: string, value: string): string {
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"')) return `"${value}"`;
  throw new InvalidRequestError(`filter on ${field}: a value with both kinds of quotes cannot be searched for`);
}
