import { UserError } from '@gmoe/core';
import { patternWays } from './pattern-ways.js';

/** Entries that are read; the largest published vocabularies have 0.9 million, the largest list of merges 0.5 million. */
const MOST = { vocab: 1 << 20, merges: 1 << 20, added_tokens: 1 << 16 } as const;
/** By how much a text may grow before it is cut into tokens, and what may be put before it, characters. */
const [MOST_GROWTH, LONGEST_PREFIX] = [64, 64];
/** Steps of a sequence. */
const MOST_STEPS = 64;
/** Characters of a word that WordPiece tries all cuts of; BERT has 100. */
const LONGEST_WORD = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Refuses what in a stranger's `tokenizer.json` would take a text beyond all time and memory, or end the process in the tokenizers'
 * library, which panics where it gives up: too many entries, patterns that run away, texts that grow.
 * @throws UserError naming the field
 */
export function refuseEndless(json: Fields, where: string): void {
  const model = isFields(json['model']) ? json['model'] : {};
  refuseMany(model['vocab'], 'vocab', `${where}: model.vocab`);
  refuseMany(model['merges'], 'merges', `${where}: model.merges`);
  refuseMany(json['added_tokens'], 'added_tokens', `${where}: added_tokens`);
  const word = model['max_input_chars_per_word'];
  if (typeof word === 'number' && word > LONGEST_WORD) {
    throw new UserError(`${where}: model.max_input_chars_per_word: at most ${LONGEST_WORD} is read (got ${word})`);
  }
  for (const part of ['normalizer', 'pre_tokenizer', 'decoder']) {
    const growth = growthOf(json[part], `${where}: ${part}`);
    if (growth <= MOST_GROWTH) continue;
    throw new UserError(`${where}: ${part}: a text would grow ${growth} times, at most ${MOST_GROWTH} times is read`);
  }
}

function refuseMany(list: unknown, kind: keyof typeof MOST, where: string): void {
  const count = Array.isArray(list) ? list.length : isFields(list) ? Object.keys(list).length : 0;
  if (count > MOST[kind]) throw new UserError(`${where}: has ${count} entries, at most ${MOST[kind]} are read`);
}

/** How many times longer a text may become by a part and those within it. */
function growthOf(part: unknown, where: string): number {
  if (Array.isArray(part) && part.length > MOST_STEPS) {
    throw new UserError(`${where}: has ${part.length} steps, at most ${MOST_STEPS} are read`);
  }
  if (Array.isArray(part)) return part.reduce<number>((growth, each) => growth * growthOf(each, where), 1);
  if (!isFields(part)) return 1;
  for (const name of ['prepend', 'replacement', 'prefix', 'suffix']) {
    const text = part[name];
    if (typeof text !== 'string' || text.length <= LONGEST_PREFIX) continue;
    throw new UserError(`${where}: ${name}: has ${text.length} characters, at most ${LONGEST_PREFIX} are read`);
  }
  // A byte above 127 becomes a character of two bytes.
  const own = part['type'] === 'ByteLevel' ? 2 : 1;
  const inner = ['normalizers', 'pretokenizers', 'decoders'].reduce(
    (growth, name) => growth * growthOf(part[name], where),
    own,
  );
  const least = shortestMatch(part['pattern'], where);
  const content = part['content'];
  if (least === undefined || typeof content !== 'string' || part['type'] !== 'Replace') return inner;
  if (least === 0) throw new UserError(`${where}: pattern: matches the empty text, whose replacement is not known`);
  return inner * Math.max(1, content.length / least);
}

/** Characters that a pattern needs at least. @throws UserError if it may run away */
function shortestMatch(pattern: unknown, where: string): number | undefined {
  if (!isFields(pattern)) return undefined;
  if (typeof pattern['String'] === 'string') return pattern['String'].length;
  const expression = pattern['Regex'];
  if (typeof expression !== 'string') return undefined;
  const { least, problem } = patternWays(expression);
  if (problem === undefined) return least;
  const shown = expression.length > 80 ? `${expression.slice(0, 77)}...` : expression;
  throw new UserError(`${where}: pattern: ${problem} (got ${shown})`);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
