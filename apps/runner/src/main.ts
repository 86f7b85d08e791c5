import { createProgram } from './program.js';
import { reportError } from './exit.js';
import { guardStream } from './streams.js';

/** Commands whose work is worth more than what they print. */
const WORKS_ON = new Set(['sweep', 'train', 'worker', 'pretrain', 'sync', 'pull']);

const worksOn = process.argv.slice(2).some((word) => WORKS_ON.has(word));
for (const stream of [process.stdout, process.stderr]) guardStream(stream, { worksOn, exit: () => process.exit() });

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportError(error, process.argv.includes('--debug'));
}
