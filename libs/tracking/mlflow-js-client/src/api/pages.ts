import { UnexpectedAnswerError } from '../errors.js';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string | undefined;
}

/** Items of all pages; a page is fetched when its first item is asked for. */
export async function* pages<T>(fetchPage: (pageToken: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const page = await fetchPage(token);
    yield* page.items;
    if (page.nextPageToken && page.nextPageToken === token)
      throw new UnexpectedAnswerError('the server repeats a page token');
    token = page.nextPageToken;
  } while (token);
}
