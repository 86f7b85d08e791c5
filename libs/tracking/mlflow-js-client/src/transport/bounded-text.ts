/** More text than any answer of MLflow has, characters. */
const MOST = 1 << 27;

/**
 * The text of an answer, at most `most` bytes: a broken or hostile server may send without end.
 *
 * @throws Error if there is more
 */
export async function boundedText(response: Response, most = MOST): Promise<string> {
  const text = await textUpTo(response, most);
  if (text.complete) return text.text;
  throw new Error(`the answer has more than ${most} bytes`);
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
