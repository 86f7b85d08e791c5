import type { LaunchEvent, SweepStore } from '@gmoe/experiment';
import { PlainProgress } from './plain-progress.js';
import { TerminalProgress } from './terminal-progress.js';

/** Shows a sweep while it runs. */
export interface Progress {
  event(event: LaunchEvent): void;
  close(): void;
}

/** A live table on a terminal; plain lines elsewhere. */
export function createProgress(store: SweepStore, stream: NodeJS.WriteStream): Progress {
  const live = stream.isTTY && !process.env['CI'];
  return live ? new TerminalProgress(store, stream) : new PlainProgress(store, stream);
}
