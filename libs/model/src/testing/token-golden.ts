import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { testingPath } from './golden-model.js';

/** As tools/goldens/tokens.py writes it. */
interface TokenGolden {
  readonly strings: readonly string[];
  readonly made: Readonly<Record<string, object>>;
  /** By tokenizer: a hash of every ten strings' ids and text. */
  readonly expected: Readonly<Record<string, readonly string[]>>;
}

export const tokenGolden = JSON.parse(
  gunzipSync(readFileSync(testingPath('tokens/golden.json.gz'))).toString(),
) as TokenGolden;

const CHUNK = 10;

export type TokenRow = readonly [ids: readonly number[], decoded: string];

/** The strings whose ids or text are others than Python has. */
export async function differingStrings(
  name: string,
  tokenizer: Tokenizer,
  adapt: (row: TokenRow, text: string) => TokenRow = (row) => row,
): Promise<string[]> {
  const { strings, expected } = tokenGolden;
  const ids = await tokenizer.encodeAll(strings);
  const rows = strings.map((text, i) => adapt([Array.from(ids[i]!), tokenizer.decode(ids[i]!)], text));
  return expected[name]!.flatMap((hash, chunk) => {
    const part = JSON.stringify(rows.slice(CHUNK * chunk, CHUNK * (chunk + 1)));
    const found = createHash('sha256').update(part).digest('hex').slice(0, 8);
    return found === hash ? [] : strings.slice(CHUNK * chunk, CHUNK * (chunk + 1));
  });
}
