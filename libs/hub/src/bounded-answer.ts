import { redact, UserError } from '@gmoe/core';

/** Larger than any answer of a hub's API, bytes: a page of a listing has a thousand files. */
export const LARGEST_ANSWER = 64 * 2 ** 20;

/**
 * The answer with its body read, at most `most` bytes: a broken or hostile server may send without end.
 *
 * @throws UserError if there is more
 */
export async function boundedAnswer(url: string, response: Response, most = LARGEST_ANSWER): Promise<Response> {
  const tooLarge = () =>
    new UserError(`${redact(url.replace(/\?.*/s, ''))}: an answer of more than ${most} bytes, which no hub gives`);
  if (Number(response.headers.get('content-length')) > most) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge();
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(bytes === 0 ? null : Buffer.concat(chunks), { status, headers });
}
