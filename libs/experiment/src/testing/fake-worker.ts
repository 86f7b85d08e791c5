import { startWorker } from '../launch/start-worker.js';
import { SweepStore } from '../store/index.js';
import { fakeTrial } from './fake-trial.js';

const [folder, stepMs = '0'] = process.argv.slice(2) as [string, string?];
process.exitCode = await startWorker({
  store: SweepStore.open(folder),
  execute: fakeTrial(Number(stepMs)),
  guard: { heartbeatSeconds: 0.1, graceSeconds: 0.5 },
  staleSeconds: 2,
  pollSeconds: 0.1,
});
