import { z } from 'zod';
import { HttpError, UnexpectedAnswerError } from '../errors.js';
import type { CallOptions, Transport } from '../transport/transport.js';
import { encodePath } from './artifact-path.js';

const credential = z.object({
  url: z.url(),
  part_number: z.int(),
  headers: z.record(z.string(), z.string()).nullish(),
});
const created = z.object({ upload_id: z.string().nullish(), credentials: z.array(credential) });

/**
 * Sends a large artifact straight to the object store in parts that the server signed, three at a time.
 *
 * @returns false if the server's store takes no parts, so that the caller sends it in one piece
 */
export async function uploadInParts(
  transport: Transport,
  target: string,
  blob: Blob,
  call: CallOptions,
): Promise<boolean> {
  const { partBytes } = transport.options.multipart;
  const parts = Math.ceil(blob.size / partBytes);
  const name = target.slice(target.lastIndexOf('/') + 1);
  const request = (step: 'create' | 'complete' | 'abort', body: unknown): Promise<unknown> =>
    transport.json({
      method: 'POST',
      path: `/api/2.0/mlflow-artifacts/mpu/${step}/${encodePath(target)}`,
      body,
      answer: step === 'create' ? created : z.unknown(),
      ...call,
    });
  let upload: z.output<typeof created>;
  try {
    upload = (await request('create', { path: name, num_parts: parts })) as z.output<typeof created>;
  } catch (error) {
    if (error instanceof HttpError && error.endpointMissing) return false;
    throw error;
  }
  if (upload.credentials.length !== parts)
    throw new UnexpectedAnswerError(`artifacts.upload: asked for ${parts} parts, got ${upload.credentials.length}`);
  const upload_id = upload.upload_id ?? undefined;
  try {
    const sent: { part_number: number; etag: string; url: string }[] = [];
    const queue = [...upload.credentials];
    const worker = async (): Promise<void> => {
      for (let part = queue.shift(); part; part = queue.shift()) {
        const start = (part.part_number - 1) * partBytes;
        const headers = await transport.putPart(
          part.url,
          blob.slice(start, start + partBytes),
          part.headers ?? {},
          call,
        );
        sent.push({ part_number: part.part_number, etag: headers.get('etag') ?? '', url: part.url });
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    sent.sort((a, b) => a.part_number - b.part_number);
    await request('complete', { path: name, upload_id, parts: sent });
    return true;
  } catch (error) {
    await request('abort', { path: name, upload_id }).catch(() => undefined);
    throw error;
  }
}
