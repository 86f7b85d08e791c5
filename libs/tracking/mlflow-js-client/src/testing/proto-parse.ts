/**
 * How a real server reads a JSON body into its protobuf messages: key by key in the order sent, stopping without an
 * error at the first value of a wrong type. What came before is kept (a started item with defaults for the rest), what
 * comes after is lost. Recorded from MLflow 3.6.
 */
export type FieldSpec =
  'string' | 'double' | 'int64' | 'bool' | { readonly message: MessageSpec } | { readonly repeated: FieldSpec };
export interface MessageSpec {
  readonly [field: string]: FieldSpec;
}
export type Parsed = Record<string, unknown>;

class WrongType extends Error {}

export function parseLossily(spec: MessageSpec, json: unknown): Parsed {
  const out = defaults(spec);
  try {
    fill(spec, json, out);
  } catch (error) {
    if (!(error instanceof WrongType)) throw error;
  }
  return out;
}

function defaults(spec: MessageSpec): Parsed {
  return Object.fromEntries(Object.entries(spec).map(([name, field]) => [name, defaultOf(field)]));
}

function defaultOf(field: FieldSpec): unknown {
  if (field === 'double' || field === 'int64') return 0;
  if (field === 'string') return '';
  if (field === 'bool') return false;
  return 'repeated' in field ? [] : defaults(field.message);
}

function fill(spec: MessageSpec, json: unknown, out: Parsed): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new WrongType();
  for (const [name, value] of Object.entries(json)) {
    const field = spec[name];
    if (field === undefined || value === null) continue;
    if (typeof field === 'object' && 'repeated' in field) {
      if (!Array.isArray(value)) throw new WrongType();
      const list = out[name] as unknown[];
      for (const item of value) {
        if (typeof field.repeated === 'object' && 'message' in field.repeated) {
          const started = defaults(field.repeated.message);
          list.push(started);
          fill(field.repeated.message, item, started);
        } else list.push(scalar(field.repeated, item));
      }
    } else if (typeof field === 'object') fill(field.message, value, out[name] as Parsed);
    else out[name] = scalar(field, value);
  }
}

function scalar(field: FieldSpec, value: unknown): unknown {
  switch (field) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'double':
      if (typeof value === 'number') return value;
      if (typeof value === 'string' && /^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(value))
        return Number(value);
      break;
    case 'int64':
      if (typeof value === 'number' && Number.isInteger(value)) return value;
      if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
      break;
  }
  throw new WrongType();
}
