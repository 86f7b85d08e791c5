import { terminalText } from '@gmoe/core';

/** Colours, and what a table that redraws itself needs: moving up, erasing, hiding the cursor. */
const OWN_SEQUENCES = /\u001b\[(?:[\d;]*m|\d*[ABCDGJK]|\?25[lh]|\?2026[lh])/g;
const SUSPICIOUS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * Text as it may go to a terminal: the program's own colours and cursor movements pass, everything else that a name, a message
 * or a server may hold (titles, clipboards, links, turned directions) is shown instead of sent.
 */
export function safeOutput(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const own = text.match(OWN_SEQUENCES) ?? [];
  const parts = text.split(OWN_SEQUENCES);
  return parts.map((part, index) => keepReturns(part) + (own[index] ?? '')).join('');
}

/** A progress bar's carriage return is its own. */
function keepReturns(part: string): string {
  return part.split('\r').map(terminalText).join('\r');
}

export interface GuardedStreams {
  /** Whether work goes on when nobody reads the output any more (`gmoe sweep ... | head`). */
  readonly worksOn: boolean;
  /** Ends the process where it does not. */
  readonly exit: () => void;
}

/**
 * Makes a stream harmless: its reader may go, its disk may be full, and the work goes on without it; what strangers named cannot
 * steer the terminal.
 */
export function guardStream(stream: NodeJS.WriteStream, { worksOn, exit }: GuardedStreams): void {
  const write = stream.write.bind(stream);
  let lost = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    lost = true;
    if (error.code === 'EPIPE' && !worksOn) exit();
  });
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    if (lost) {
      for (const each of rest) if (typeof each === 'function') queueMicrotask(() => (each as () => void)());
      return true;
    }
    return (write as (...all: unknown[]) => boolean)(typeof chunk === 'string' ? safeOutput(chunk) : chunk, ...rest);
  }) as typeof stream.write;
}
