/** ASCII punctuation, Python's `string.punctuation`. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** Whole words, by Unicode's letters as in Python. */
const ARTICLES = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu;

/**
 * An answer as SQuAD's evaluation compares it (Rajpurkar et al. 2016): lower case, without ASCII punctuation, without the
 * articles a, an, the, and with single spaces. Differs where nothing but articles is left: they stay then, so that the
 * letter `A` is an answer.
 */
export function normalizeAnswer(text: string): string {
  const plain = text.toLowerCase().replace(PUNCTUATION, '');
  return singleSpaces(plain.replace(ARTICLES, ' ')) || singleSpaces(plain);
}

const singleSpaces = (text: string): string => text.split(/\s+/).filter(Boolean).join(' ');
