const token = new URLSearchParams(location.search).get('token') ?? '';

/**
 * What the server answers, as JSON.
 *
 * @throws {Error} with the server's one line
 */
export async function ask<T>(
  path: string,
  query: Record<string, string> = {},
  method: 'GET' | 'POST' = 'GET',
): Promise<T> {
  const response = await fetch(`${path}?${new URLSearchParams(query).toString()}`, {
    method,
    headers: { 'x-gmoe-token': token },
  });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `${response.status}`);
  return answer;
}

/** Address of the report of a sweep as it stands. */
export function reportAddress(sweep: string): string {
  return `/report?${new URLSearchParams({ sweep, token }).toString()}`;
}
