import { parseArgs } from 'node:util';
import { isRayWorker } from '../launch/ray/ray-worker.js';
import { startWorker } from '../launch/start-worker.js';
import { SweepStore } from '../store/index.js';
import { fakeTrial } from './fake-trial.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '1' } },
});
const [folder, stepMs = '0'] = positionals as [string, string?];
process.exitCode = await startWorker({
  store: SweepStore.open(folder),
  execute: fakeTrial(Number(stepMs)),
  guard: { heartbeatSeconds: 0.1, graceSeconds: 2 },
  staleSeconds: 30,
  pollSeconds: 0.1,
  ...(isRayWorker() ? { idleSeconds: 3 } : {}),
  packing: { jobs: Number(values.jobs), command: () => [process.execPath, process.argv[1]!, folder, stepMs] },
});
