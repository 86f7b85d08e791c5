import { HttpError, InvalidRequestError, LIMITS, type CallOptions, type MlflowClient } from 'mlflow-js-client';
import type { DeadLetter } from './dead-letters.js';
import { mlflowValue, sha256 } from './mlflow-values.js';
import { isStoredNaN, withoutStoredNaN } from './stored-nan.js';
import type { BatchItem } from './upload-items.js';
import type { UploadState } from './upload-state.js';

/** Older servers take shorter params. */
const SHORTER_PARAMS = [500, 250];

/** Items on their way to the server, within the limits of one request. */
export class BatchUpload {
  #items: BatchItem[] = [];
  #bytes = 0;
  #params = 0;
  #tags = 0;

  get size(): number {
    return this.#items.length;
  }

  /** Whether these fit beside what is there. */
  fits(items: readonly BatchItem[]): boolean {
    const params = items.filter((item) => item.kind === 'param').length;
    const tags = items.filter((item) => item.kind === 'tag').length;
    return (
      this.#items.length + items.length <= LIMITS.itemsPerBatch &&
      this.#params + params <= LIMITS.paramsPerBatch &&
      this.#tags + tags <= LIMITS.tagsPerBatch &&
      this.#bytes + bytesOf(items) <= LIMITS.bodyBytes * 0.9
    );
  }

  add(items: readonly BatchItem[]): void {
    for (const item of items) {
      this.#items.push(item);
      if (item.kind === 'param') this.#params++;
      else if (item.kind === 'tag') this.#tags++;
    }
    this.#bytes += bytesOf(items);
  }

  /**
   * Sends everything. What the server refuses for good is found by halving and returned with its reason.
   *
   * @throws MlflowError if the server cannot be reached or wants nothing at all; nothing is lost then
   */
  async flush(client: MlflowClient, state: UploadState, call: CallOptions): Promise<DeadLetter[]> {
    const items = this.#items;
    if (items.length === 0) return [];
    const letters = await sendHalving(client, state, items, call);
    this.#items = [];
    this.#bytes = this.#params = this.#tags = 0;
    return letters;
  }
}

async function sendHalving(
  client: MlflowClient,
  state: UploadState,
  items: readonly BatchItem[],
  call: CallOptions,
): Promise<DeadLetter[]> {
  const { letters, rest } = settleParams(items, state);
  if (rest.length === 0) return letters;
  try {
    await send(client, state.runId!, rest, call);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (isStoredNaN(error)) {
      const missing = await withoutStoredNaN(client, state.runId!, rest, call);
      if (missing.length < rest.length) return [...letters, ...(await sendHalving(client, state, missing, call))];
    }
    if (rest.length > 1) {
      const half = rest.length >> 1;
      for (const part of [rest.slice(0, half), rest.slice(half)])
        for (const letter of await sendHalving(client, state, part, call)) letters.push(letter);
      return letters;
    }
    const [item] = rest as [BatchItem];
    if (await sendShorter(client, state, item, call)) return letters;
    letters.push({ id: item.id, reason: (error as Error).message, item: item.item });
    return letters;
  }
  for (const item of rest) if (item.kind === 'param') state.params[item.item.key] = sha256(item.whole).slice(0, 16);
  return letters;
}

/** Of one param sent twice the first counts; the same again needs no sending, another value is a dead letter. */
function settleParams(items: readonly BatchItem[], state: UploadState): { letters: DeadLetter[]; rest: BatchItem[] } {
  const letters: DeadLetter[] = [];
  const batch = new Map<string, string>();
  const rest = items.filter((item) => {
    if (item.kind !== 'param') return true;
    const hash = sha256(item.whole).slice(0, 16);
    const first = state.params[item.item.key] ?? batch.get(item.item.key);
    if (first === undefined) {
      batch.set(item.item.key, hash);
      return true;
    }
    if (first !== hash)
      letters.push({
        id: item.id,
        reason: 'this param has another value already',
        item: { ...item.item, value: item.whole },
      });
    return false;
  });
  return { letters, rest };
}

async function send(
  client: MlflowClient,
  runId: string,
  items: readonly BatchItem[],
  call: CallOptions,
): Promise<void> {
  await client.runs.logBatch(
    runId,
    {
      metrics: items.flatMap((item) => (item.kind === 'metric' ? [item.item] : [])),
      params: items.flatMap((item) => (item.kind === 'param' ? [item.item] : [])),
      tags: items.flatMap((item) => (item.kind === 'tag' ? [item.item] : [])),
    },
    call,
  );
}

async function sendShorter(
  client: MlflowClient,
  state: UploadState,
  item: BatchItem,
  call: CallOptions,
): Promise<boolean> {
  if (item.kind !== 'param') return false;
  for (const limit of SHORTER_PARAMS) {
    if (item.item.value.length <= limit) continue;
    try {
      await send(
        client,
        state.runId!,
        [{ ...item, item: { key: item.item.key, value: mlflowValue(item.whole, limit) } }],
        call,
      );
    } catch (error) {
      if (isRefusal(error)) continue;
      throw error;
    }
    state.paramLimit = Math.min(state.paramLimit, limit);
    state.overflow = true;
    state.params[item.item.key] = sha256(item.whole).slice(0, 16);
    return true;
  }
  return false;
}

/** The server (or this client on its behalf) says that this content can never be stored. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof InvalidRequestError) return true;
  if (!(error instanceof HttpError)) return false;
  return (error.status === 400 && !/must be in the 'active' state/.test(error.message)) || error.status === 413;
}

function bytesOf(items: readonly BatchItem[]): number {
  let bytes = 0;
  for (const item of items)
    bytes += item.kind === 'metric' ? item.item.key.length * 6 + 100 : JSON.stringify(item.item).length * 3 + 8;
  return bytes;
}
