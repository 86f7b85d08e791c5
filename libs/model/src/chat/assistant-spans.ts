import type { ChatMessage, ChatTemplate, RenderedChat } from './chat-template.js';

/** A part of a text, in UTF-16 units; `end` is behind its last. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Characters that Unicode reserves for inner use: they stand for nothing in any text. */
const BEGIN = '\uFDD0';
const END = '\uFDD1';

/**
 * A template whose `{% generation %}` tags write marks instead, with the white space around them as Jinja treats it with
 * `trim_blocks` and `lstrip_blocks`; undefined if it has none.
 */
export function withMarks(source: string): string | undefined {
  const tag = /(?:^[ \t]*)?\{%(-?)\s*(end)?generation\s*(-?)%\}\n?/gm;
  if (!tag.test(source)) return undefined;
  return source.replace(
    tag,
    (_, left: string, end: string | undefined, right: string) => `{{${left} "${end ? END : BEGIN}" ${right}}}`,
  );
}

/** The text between and without marks. */
export function markedSpans(rendered: string): RenderedChat {
  const assistant: Span[] = [];
  let text = '';
  let begin = 0;
  for (const part of rendered.split(new RegExp(`([${BEGIN}${END}])`))) {
    if (part === BEGIN) begin = text.length;
    else if (part === END) assistant.push({ begin, end: text.length });
    else text += part;
  }
  return { text, assistant: assistant.filter(({ begin: from, end }) => end > from) };
}

/**
 * The assistant's turns in a rendered conversation; undefined if the template does not write each of them once and in
 * order.
 */
export function assistantSpans(
  messages: readonly ChatMessage[],
  { render, special }: { readonly render: ChatTemplate['render']; readonly special: readonly string[] },
): Span[] | undefined {
  const turns = messages.flatMap(({ role }, i) => (role === 'assistant' ? [i] : []));
  const standIns = messages.map((message, i) =>
    turns.includes(i) ? { ...message, content: `${BEGIN}${i}${END}` } : message,
  );
  const skeleton = render(standIns);
  const text = render(messages);
  /** What stands before each turn, and last what stands behind all of them. */
  const between: string[] = [];
  let done = 0;
  for (const i of turns) {
    const standIn = `${BEGIN}${i}${END}`;
    const place = skeleton.indexOf(standIn, done);
    if (place < 0 || skeleton.indexOf(standIn, place + 1) >= 0) return undefined;
    // What the model is asked to continue; anything between it and the text of the turn the model writes itself.
    const asked = render(standIns.slice(0, i), { addGenerationPrompt: true });
    const begins = skeleton.startsWith(asked) && asked.length >= done && asked.length <= place ? asked.length : place;
    between.push(skeleton.slice(done, begins));
    done = place + standIn.length;
  }
  between.push(skeleton.slice(done));

  const spans: Span[] = [];
  if (!text.startsWith(between[0]!)) return undefined;
  let begin = between[0]!.length;
  for (const [turn, i] of turns.entries()) {
    const next = between[turn + 1]!;
    const end = endOfTurn(text, begin, next, messages[i]!.content, turn === turns.length - 1);
    if (end === undefined) return undefined;
    spans.push({ begin, end: end + closing(next, special) });
    begin = end + next.length;
  }
  return spans;
}

/** Where the text of a turn ends and `next` begins. */
function endOfTurn(text: string, begin: number, next: string, content: string, last: boolean): number | undefined {
  if (last) return text.endsWith(next) && text.length - next.length >= begin ? text.length - next.length : undefined;
  // The text of the turn may hold what stands between turns: its own text first, as it is or trimmed.
  for (const written of [content, content.trim()]) {
    const at = text.indexOf(written, begin);
    if (at >= 0 && text.startsWith(next, at + written.length)) return at + written.length;
  }
  const at = text.indexOf(next, begin);
  return at < 0 ? undefined : at;
}

/** Length of the special token that ends a turn, with white space before it; 0 if none does. */
function closing(next: string, special: readonly string[]): number {
  const blank = next.length - next.trimStart().length;
  const token = special
    .filter((each) => next.startsWith(each, blank))
    .reduce((longest, each) => (each.length > longest.length ? each : longest), '');
  return token === '' ? 0 : blank + token.length;
}
