import { readFileSync } from 'node:fs';

/**
 * Calls back when the process shall stop in order: SIGINT, SIGTERM, and SIGHUP (its terminal was closed) once, unless SIGHUP is
 * ignored (`nohup`).
 *
 * @returns stops listening
 */
export function onStopSignal(stop: () => void): () => void {
  let asked = false;
  const ask = (): void => {
    asked = true;
    stop();
  };
  // Shell and kernel may both say that the terminal has gone: that is one request.
  const hangUp = (): void => {
    if (!asked) ask();
  };
  const signals: [NodeJS.Signals, () => void][] = [
    ['SIGINT', ask],
    ['SIGTERM', ask],
    ...(ignoresHangUp() ? [] : ([['SIGHUP', hangUp]] as [NodeJS.Signals, () => void][])),
  ];
  for (const [signal, handler] of signals) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of signals) process.off(signal, handler);
  };
}

const HANGUP_BIT = 1n;

/** Whether the process was started to outlive its terminal. */
function ignoresHangUp(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return mask !== undefined && (BigInt(`0x${mask}`) & HANGUP_BIT) !== 0n;
  } catch {
    return false;
  }
}
