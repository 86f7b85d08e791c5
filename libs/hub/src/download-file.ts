import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@gmoe/core';
import { hasChecksum } from './checksum.js';
import type { HubClient } from './hub-client.js';
import { HubResponseError, TransferError } from './hub-error.js';
import type { RepoFile } from './repo-files.js';

const TRIES = 2;

/**
 * Fetches a file into `partial`, going on where an earlier attempt or process left it, and checks its content. The official
 * client does neither, so transfers are made here.
 * @param onBytes told how many bytes are there, whenever that changes
 * @throws Error if the content is not what the hub lists, also when fetched anew
 */
export async function downloadFile(
  client: HubClient,
  url: string,
  file: RepoFile,
  partial: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await mkdir(dirname(partial), { recursive: true });
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    let have = await sizeOf(partial);
    let before = have;
    await client.retrying(
      async () => {
        before = have;
        await receive(client, url, file, partial, have, (bytes) => {
          have = bytes;
          onBytes(bytes);
        });
      },
      () => have > before,
    );
    if (await hasChecksum(partial, file.bytes, file.checksum)) return;
    await rm(partial, { force: true });
  }
  const { algorithm, value } = file.checksum;
  throw new Error(
    `${file.path}: what ${new URL(url).origin} sends is not the file that it lists (${algorithm} ${value}); nothing of it is kept`,
  );
}

/** One request for the bytes from `have` on. @throws TransferError if fewer come */
async function receive(
  client: HubClient,
  url: string,
  { path, bytes }: RepoFile,
  partial: string,
  have: number,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const output = await open(partial, 'a+');
  try {
    if (have > bytes) have = await restart(output, onBytes);
    onBytes(have);
    if (have === bytes) return;
    const idle = idleSignal(client.settings.idleTimeout);
    try {
      const response = await client.request(url, {
        headers: { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
        signal: idle.signal,
      });
      // A server that knows no ranges begins at the beginning.
      if (have > 0 && startOf(response) !== have) have = await restart(output, onBytes);
      for await (const chunk of response.body ?? []) {
        idle.heard();
        if (have + chunk.length > bytes) {
          await restart(output, onBytes);
          throw new TransferError(`${path}: more than the ${bytes} bytes that the hub lists`);
        }
        await output.appendFile(chunk);
        have += chunk.length;
        onBytes(have);
      }
    } catch (error) {
      client.signal?.throwIfAborted();
      if (error instanceof HubResponseError && error.status === 416) {
        await restart(output, onBytes);
        throw new TransferError(`${path}: the hub does not have the rest of it`);
      }
      if (error instanceof HubResponseError || error instanceof TransferError || !isNetwork(error)) throw error;
      throw new TransferError(`${path}: the transfer broke off: ${messageOf((error as Error).cause ?? error)}`, {
        cause: error,
      });
    } finally {
      idle.stop();
    }
    if (have < bytes) throw new TransferError(`${path}: ended after ${have} of ${bytes} bytes`);
  } finally {
    await output.close();
  }
}

async function restart(
  output: { truncate(length: number): Promise<void> },
  onBytes: (bytes: number) => void,
): Promise<number> {
  await output.truncate(0);
  onBytes(0);
  return 0;
}

/** First byte that a response holds. */
function startOf(response: Response): number {
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return response.status === 206 && range ? Number(range[1]) : 0;
}

/** What fetch throws when a body breaks off or its signal fires; errors of the disk have a `code` of their own. */
function isNetwork(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError');
}

/** A signal that fires once nothing was heard for a while. */
function idleSignal(milliseconds: number): { readonly signal: AbortSignal; heard(): void; stop(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`no byte for ${milliseconds / 1000} s`, 'TimeoutError'));
  }, milliseconds);
  return { signal: controller.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
