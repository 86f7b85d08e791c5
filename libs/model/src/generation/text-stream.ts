import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** Turns token ids into text as they come. */
export interface TextStream {
  /** The text that this token completes; empty while a character is still in pieces. */
  push(id: number): string;
  /** What is left: an unfinished character, as U+FFFD. */
  end(): string;
}

const REPLACEMENT = '\ufffd';
/** Tokens that are decoded once more, so that spaces between words come out right. */
const CONTEXT = 8;

/**
 * Text of the tokens after a prompt. The pieces joined are what decoding prompt and tokens at once adds to the prompt:
 * characters of several byte tokens come whole, and the space before a first word is kept.
 */
export function createTextStream(tokenizer: Tokenizer, promptIds: ArrayLike<number>): TextStream {
  const decode = (part: readonly number[]): string => tokenizer.decode(part, { skipSpecial: true });
  let ids = lastWhole(Array.from(promptIds), decode);
  /** Places in `ids` where no character is in pieces; the last is where the text was told up to. */
  let whole = [0, ids.length];
  const told = (): number => whole.at(-1)!;
  return {
    push(id) {
      ids.push(id);
      const piece = decode(ids).slice(decode(ids.slice(0, told())).length);
      if (piece === '' || piece.endsWith(REPLACEMENT)) return '';
      // What was told before this piece is context enough for the next.
      const from = whole.findLast((place) => place <= told() - CONTEXT) ?? 0;
      ids = ids.slice(from);
      whole = [...whole.map((place) => place - from).filter((place) => place >= 0), ids.length];
      return piece;
    },
    // Decoded apart: the library gives up whole characters beside a broken one.
    end: () => decode(ids.slice(told())),
  };
}

/** The last tokens of a prompt, more of them where the first would be a part of a character. */
function lastWhole(ids: readonly number[], decode: (part: readonly number[]) => string): number[] {
  for (let count = CONTEXT; count < ids.length; count++) {
    const part = ids.slice(-count);
    if (!decode(part).startsWith(REPLACEMENT)) return part;
  }
  return [...ids];
}
