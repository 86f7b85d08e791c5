import { UserError } from '@gmoe/core';
import { cutPrompt, type EncodedText } from '../encoding/encoded-example.js';

/** A text within a row. */
export interface FittedText extends Pick<EncodedText, 'ids' | 'supervised'> {
  /** Whether it lost tokens. */
  readonly truncated: boolean;
}

/**
 * A text whose tokens but the last fit in a row of `length`. Where one part is learned, what stands before it loses its
 * beginning, and then, if that is not enough, the learned part its end. A conversation of several learned parts loses its
 * end, or its beginning where nothing learned would be left.
 *
 * @param endOfText token put behind a text that ends in a learned part, and learned with it; absent = none
 * @throws UserError if nothing of the text is learned
 */
export function fitText({ id, ids, start, supervised }: EncodedText, length: number, endOfText?: number): FittedText {
  const last = supervised.at(-1);
  if (!last) throw new UserError(`task: example '${id}' has no token that is learned`);
  const ends = endOfText !== undefined && last.end === ids.length && ids.at(-1) !== endOfText;
  const all = ends ? [...ids, endOfText] : ids;
  const spans = ends ? [...supervised.slice(0, -1), { begin: last.begin, end: last.end + 1 }] : supervised;
  const most = length + 1;
  if (all.length <= most) return { ids: all, supervised: spans, truncated: false };
  if (spans.length === 1) {
    const { begin, end } = spans[0]!;
    const prompt = cutPrompt(all.slice(0, begin), start, Math.max(1, most - (all.length - begin)));
    const kept = all.slice(begin, begin + most - prompt.length);
    const learned = { begin: prompt.length, end: prompt.length + Math.min(kept.length, end - begin) };
    return { ids: [...prompt, ...kept], supervised: [learned], truncated: true };
  }
  const first = within(spans, 0, most);
  if (first.length > 0) return { ids: all.slice(0, most), supervised: first, truncated: true };
  const from = all.length - most;
  return { ids: all.slice(from), supervised: within(spans, from, all.length), truncated: true };
}

/** What of the spans lies in a part of the tokens, counted from its beginning; nothing predicts its first token. */
function within(spans: EncodedText['supervised'], from: number, to: number) {
  return spans
    .map(({ begin, end }) => ({ begin: Math.max(begin, from + 1) - from, end: Math.min(end, to) - from }))
    .filter(({ begin, end }) => end > begin);
}
