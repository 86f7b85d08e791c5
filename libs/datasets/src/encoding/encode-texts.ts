import type { EncodedText, TokenSpan } from './encoded-example.js';
import type { Encoder } from './encoder.js';
import { lookUp, specialAsText, type Lookup } from './lookup.js';
import type { WrittenText } from './written-text.js';

/**
 * Tokens of texts of which parts are learned: each text is encoded at once, behind what the encoder puts before a text; one
 * that a chat template wrote with its special tokens as tokens and nothing before it, as `apply_chat_template` of
 * transformers does. A token that reaches into a learned part is learned. Special tokens written out in other data are text.
 */
export async function encodeTexts(
  texts: readonly WrittenText[],
  encoder: Encoder,
  template: string | undefined,
): Promise<EncodedText[]> {
  const needed = (some: readonly WrittenText[]) =>
    some.flatMap(({ text, learned }) => [
      text,
      ...learned.flatMap(({ begin, end }) => [text.slice(0, begin), text.slice(0, end)]),
    ]);
  const [written, plain] = [true, false].map((by) => texts.filter(({ bySpecialTokens }) => bySpecialTokens === by));
  const special = await lookUp(needed(written!), encoder, { specialAsText: false });
  const ordinary = await lookUp(needed(plain!), encoder, { specialAsText: specialAsText(encoder, template) });
  return texts.map((text) =>
    text.bySpecialTokens ? encodeText(text, special, []) : encodeText(text, ordinary, encoder.startIds),
  );
}

function encodeText(
  { id, domain, text, learned, reference }: WrittenText,
  encode: Lookup,
  startIds: readonly number[],
): EncodedText {
  const ids = encode(text);
  const start = startIds.length;
  const supervised = learned
    .map((span) => tokenSpan(text, span, encode))
    // Nothing predicts the first token of all.
    .map(({ begin, end }) => ({ begin: Math.max(1, begin + start), end: end + start }))
    .filter(({ begin, end }) => end > begin);
  return {
    id,
    ids: [...startIds, ...ids],
    start,
    supervised,
    reference,
    ...(domain === undefined ? {} : { domain }),
  };
}

/**
 * The tokens of a part of a text, those that reach beyond its ends included: up to a place, the tokens of the text before it
 * are those of the whole text, but for one that the place goes through.
 */
function tokenSpan(text: string, { begin, end }: { begin: number; end: number }, encode: Lookup): TokenSpan {
  const ids = encode(text);
  const common = (place: number) => {
    const before = encode(text.slice(0, place));
    const differs = before.findIndex((id, i) => ids[i] !== id);
    return { tokens: differs < 0 ? before.length : differs, whole: differs < 0 };
  };
  const [from, to] = [common(begin), common(end)];
  return { begin: from.tokens, end: to.whole ? to.tokens : Math.min(ids.length, to.tokens + 1) };
}
