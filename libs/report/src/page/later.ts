const waiting: (() => void)[] = [];

/** Work that the opening of the page does not wait for: done in turn when the browser has nothing else to do. */
export function later(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) schedule();
}

/** Does at once what waits, as for paper. */
export function hurry(): void {
  for (const work of waiting.splice(0)) work();
}

function schedule(): void {
  // Safari has no idle callbacks.
  if (!('requestIdleCallback' in window)) setTimeout(next, 50);
  else requestIdleCallback(next, { timeout: 1000 });
}

function next(): void {
  waiting.shift()?.();
  if (waiting.length > 0) schedule();
}
