import type { PullProgress } from '@gmoe/hub';
import { createLogUpdate } from 'log-update';

const REDRAW_MS = 100;
const BAR_WIDTH = 30;

/** Shows a pull while it runs: a bar on a terminal, a line for each finished file elsewhere. */
export function createPullProgress(stream: NodeJS.WriteStream): { show(now: PullProgress): void; close(): void } {
  if (!stream.isTTY || process.env['CI']) {
    let done = 0;
    return {
      show({ path, files, filesDone, bytesDone, bytes }) {
        if (filesDone === done) return;
        done = filesDone;
        stream.write(`[${done}/${files}] ${path}  ${megabytes(bytesDone)} of ${megabytes(bytes)}\n`);
      },
      close() {
        // Every line was written when it happened.
      },
    };
  }
  const draw = createLogUpdate(stream);
  const started = performance.now();
  let first: number | undefined;
  let drawn = 0;
  return {
    show(now) {
      first ??= now.bytesDone;
      const time = performance.now();
      if (time - drawn < REDRAW_MS && now.filesDone < now.files) return;
      drawn = time;
      draw(barLine(now, (now.bytesDone - first) / (time - started)));
    },
    close: () => draw.done(),
  };
}

/** @param rate bytes per millisecond, since the start of this run */
export function barLine({ path, files, filesDone, bytes, bytesDone }: PullProgress, rate: number): string {
  const share = bytes === 0 ? 1 : bytesDone / bytes;
  const filled = Math.round(BAR_WIDTH * share);
  const left = rate > 0 && bytesDone < bytes ? `, ${Math.ceil((bytes - bytesDone) / rate / 1000)} s left` : '';
  const speed = rate > 0 ? `  ${megabytes(1000 * rate)}/s${left}` : '';
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  return `${bar} ${Math.floor(100 * share)} %  ${filesDone}/${files} files  ${megabytes(bytesDone)} of ${megabytes(bytes)}${speed}  ${path}`;
}

export function megabytes(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
