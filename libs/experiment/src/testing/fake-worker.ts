import { AttemptStopped, isServedWorker, runWorker, serveWorker } from '../worker/index.js';
import { SweepStore } from '../store/index.js';
import { fakeTrial } from './fake-trial.js';

const [folder, stepMs = '0'] = process.argv.slice(2) as [string, string?];
const store = SweepStore.open(folder);
const guard = { heartbeatSeconds: 0.1, graceSeconds: 0.5 };
const execute = fakeTrial(Number(stepMs));

if (isServedWorker()) {
  await serveWorker({ store, execute, guard });
} else {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop.abort(new AttemptStopped('stop')));
  }
  const summary = await runWorker({
    store,
    execute,
    guard,
    stop: stop.signal,
    staleSeconds: 2,
    pollSeconds: 0.1,
    onEvent: (event) => {
      if (event.type === 'begin') process.stdout.write(`begin ${event.trial.hash} ${event.attempt}\n`);
    },
  });
  process.exitCode = summary.remaining === 0 ? 0 : 1;
}
