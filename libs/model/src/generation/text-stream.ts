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
  let ids = Array.from(promptIds).slice(-CONTEXT);
  let told = ids.length;
  const text = (upTo: number): string => tokenizer.decode(ids.slice(0, upTo), { skipSpecial: true });
  const fresh = (): string => text(ids.length).slice(text(told).length);
  return {
    push(id) {
      ids.push(id);
      const piece = fresh();
      if (piece === '' || piece.endsWith(REPLACEMENT)) return '';
      // What was told before this piece is context enough for the next.
      ids = ids.slice(Math.max(0, told - CONTEXT));
      told = ids.length;
      return piece;
    },
    end: fresh,
  };
}
