import { existsSync, readFileSync } from 'node:fs';
import { Guard } from '../worker/guard.js';

/** A process that a guard looks at twice: `node guarded-process.mjs STATUS_FILE FAILURE_FILE MEMORY_MIB`. */
const [statusFile, failureFile, memoryMiB] = process.argv.slice(2) as [string, string, string];
const heartbeatFile = `${failureFile}.beat`;
const guard = new Guard({ heartbeatSeconds: 0.02, statusFile });
guard.watch({ heartbeatFile, failureFile, memoryMiB: Number(memoryMiB) }, () => undefined);
const looking = setInterval(() => {
  // The memory is looked at after each beat.
  if (!existsSync(heartbeatFile) || Number(readFileSync(heartbeatFile, 'utf8')) < 3) return;
  clearInterval(looking);
  void guard.close();
}, 10);
