import { onStopSignal } from '@gmoe/experiment';

/**
 * Turns the first signal to stop (Ctrl-C, SIGTERM, a terminal that closes) into an abort signal; a second Ctrl-C or SIGTERM ends
 * the process at once.
 */
export function onInterrupt(notice: string): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const dispose = onStopSignal(() => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\n${notice} (again to end at once)\n`);
    controller.abort();
  });
  return { signal: controller.signal, dispose };
}
