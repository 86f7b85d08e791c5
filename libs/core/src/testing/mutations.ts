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
