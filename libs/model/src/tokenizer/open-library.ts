import { messageOf, UserError } from '@gmoe/core';
import { Tokenizer as Library } from 'tokenizers';

/** What a `tokenizer.json` may leave out. */
export const PARTS = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

/** @throws UserError that names the part that the library does not read */
export function openLibrary(json: Record<string, unknown>, where: string): Library {
  const opened = tryLibrary(json);
  if (opened instanceof Library) return opened;
  const bare = { ...json, ...PARTS, added_tokens: [] };
  if (tryLibrary(bare) instanceof Library) {
    for (const part of Object.keys(PARTS)) {
      const reason = tryLibrary({ ...bare, [part]: json[part] });
      if (reason instanceof Library) continue;
      const got = JSON.stringify(json[part]).slice(0, 200);
      throw new UserError(`${where}: ${part}: is not read: ${messageOf(reason)} (got ${got})`, { cause: reason });
    }
  }
  throw new UserError(`${where}: ${messageOf(opened)}`, { cause: opened });
}

/** The library's tokenizer, or why there is none. */
function tryLibrary(json: Record<string, unknown>): unknown {
  try {
    return Library.fromString(JSON.stringify(json));
  } catch (error) {
    return error;
  }
}
