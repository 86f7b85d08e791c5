import { UnexpectedAnswerError } from '../errors.js';

/** More than any answer of MLflow has, bytes: a thousand runs with all their tags are a tenth of it. */
const MOST = 1 << 26;

/**
 * The text of an answer, at most `most` bytes: a broken or hostile server may send without end.
 *
 * @throws UnexpectedAnswerError if there is more; it would come again
 */
export async function boundedText(response: Response, most = MOST): Promise<string> {
  const text = await textUpTo(response, most);
  if (text.complete) return text.text;
  throw new UnexpectedAnswerError(`the answer of ${new URL(response.url).host} has more than ${most} bytes`);
}

/** The beginning of an answer. */
export async function textUpTo(response: Response, most: number): Promise<{ text: string; complete: boolean }> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > most) return { text: pieces.join(''), complete: false };
    pieces.push(decoder.decode(chunk, { stream: true }));
  }
  pieces.push(decoder.decode());
  return { text: pieces.join(''), complete: true };
}
