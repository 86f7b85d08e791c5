/** Uniform numbers in [0, 1), the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What parsers stumble over. */
const TOKENS = [
  '__proto__',
  'constructor',
  '1e999',
  '-1',
  '9007199254740993',
  'null',
  '[]',
  '{}',
  '""',
  '"\\ud800"',
  '\u0000',
  '\ufeff',
  '\u001b]0;x\u0007',
  '*a',
  '&a ',
  '!!js/function',
  '---\n',
  '\n',
  '\t',
  '../../etc/passwd',
  'NaN',
  ',',
  ':',
  '}',
  ']',
  '"',
].map((token) => Buffer.from(token));

/**
 * Damaged copies of a file, the same for the same seed: bits flipped, cut, repeated, put together anew, and with what parsers
 * stumble over put in.
 */
export function* mutations(original: Uint8Array, count: number, seed: number): Generator<Buffer> {
  const random = generator(seed);
  const below = (n: number): number => Math.floor(random() * n);
  for (let made = 0; made < count; made++) {
    let bytes = Buffer.from(original);
    for (let change = below(4); change >= 0; change--) {
      const at = below(bytes.length + 1);
      const end = Math.min(bytes.length, at + 1 + below(64));
      const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
      switch (below(6)) {
        case 0:
          bytes = Buffer.from(bytes);
          if (bytes.length > 0) bytes[Math.min(at, bytes.length - 1)]! ^= 1 << below(8);
          break;
        case 1:
          bytes = Buffer.from(before);
          break;
        case 2:
          bytes = Buffer.concat([before, after]);
          break;
        case 3:
          bytes = Buffer.concat([before, ...Array.from({ length: 2 + below(20) }, () => middle), after]);
          break;
        case 4:
          bytes = Buffer.concat([after, middle, before]);
          break;
        default:
          bytes = Buffer.concat([
            before,
            TOKENS[below(TOKENS.length)]!,
            random() < 0.5 ? middle : Buffer.alloc(0),
            after,
          ]);
      }
    }
    yield bytes;
  }
}

/** What fields of a JSON file may hold instead. */
const VALUES: readonly unknown[] = [
  ...[null, true, '', 'x', '\u0000', '\ud800', '__proto__', [], {}, [[]], 0, -1, 1, 3, 0.5, 1e9, 2 ** 31, 2 ** 32 - 1],
  ...[2 ** 53, 1e308, 'x'.repeat(300), ['x'], [1, 2], { type: 'x' }],
];

/**
 * Damaged copies of a JSON file that are JSON: values replaced, left out, exchanged with others of the same file or repeated; the same for
 * the same seed.
 */
export function* jsonMutations(original: unknown, count: number, seed: number): Generator<Buffer> {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  for (let made = 0; made < count; made++) {
    const root = structuredClone(original);
    for (let change = Math.floor(random() * 3); change >= 0; change--) {
      const places = placesOf(root);
      if (places.length === 0) break;
      const { holder, key } = pick(places);
      const other = pick(places);
      switch (Math.floor(random() * 5)) {
        case 0:
          if (Array.isArray(holder)) holder.splice(Number(key), 1);
          else Reflect.deleteProperty(holder, key);
          break;
        case 1:
          // A copy: exchanged values must not hold themselves.
          (holder as Record<string, unknown>)[key] = structuredClone(
            (other.holder as Record<string, unknown>)[other.key],
          );
          break;
        case 2:
          if (!Array.isArray(holder)) holder[`${key}x`] = structuredClone(holder[key]);
          else for (let copy = 0; copy < 20; copy++) holder.push(structuredClone(holder[Number(key)]));
          break;
        default:
          (holder as Record<string, unknown>)[key] = structuredClone(pick(VALUES));
      }
    }
    yield Buffer.from(JSON.stringify(root));
  }
}

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** Most places that are looked at below one list or object, so that a vocabulary does not hide what else there is. */
const MOST_PLACES = 12;

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Place['holder'];
  const keys = Object.keys(holder).slice(0, MOST_PLACES);
  return keys.flatMap((key) => [{ holder, key }, ...placesOf((holder as Record<string, unknown>)[key])]);
}
