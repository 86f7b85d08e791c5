import { isChoice, type Example } from '../example.js';
import { encodeChoices } from './encode-choices.js';
import { encodeTexts } from './encode-texts.js';
import type { EncodedExample } from './encoded-example.js';
import type { Encoder, EncodingOptions } from './encoder.js';
import { writtenText } from './written-text.js';

/**
 * Tokens of examples, in their order.
 * @throws UserError where a conversation has no chat template, or one that refuses it
 */
export async function encodeExamples(
  examples: readonly Example[],
  encoder: Encoder,
  options: EncodingOptions = {},
): Promise<EncodedExample[]> {
  const choices = examples.filter(isChoice);
  const texts = examples.flatMap((example) => (isChoice(example) ? [] : [writtenText(example, options)]));
  const encoded = new Map<string, EncodedExample>();
  for (const each of await encodeChoices(choices, encoder, options)) encoded.set(each.id, each);
  for (const each of await encodeTexts(texts, encoder, options.template)) encoded.set(each.id, each);
  return examples.map(({ id }) => encoded.get(id)!);
}
