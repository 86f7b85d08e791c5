import type { Encoder } from './encoder.js';

/** Token ids of texts that were encoded before. */
export type Lookup = (text: string) => readonly number[];

/** Encodes texts, each once. */
export async function lookUp(
  texts: Iterable<string>,
  encoder: Encoder,
  options: { readonly specialAsText: boolean },
): Promise<Lookup> {
  const distinct = [...new Set(texts)];
  const encoded = await encoder.encodeAll(distinct, options);
  const ids = new Map(distinct.map((text, i) => [text, Array.from(encoded[i]!)]));
  return (text) => ids.get(text)!;
}

/** Special tokens that are written out in the data are text, unless the user's own template holds some. */
export function specialAsText(encoder: Encoder, template = ''): boolean {
  return !encoder.specialTokens.some((token) => template.includes(token));
}
