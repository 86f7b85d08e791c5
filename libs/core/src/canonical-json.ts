import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** RFC 8785 canonical JSON: one text for one value, whatever the order of its keys. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value has no JSON form');
  return text;
}

/** sha256 of the canonical JSON, in hexadecimal. */
export function stableHash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
