import { createProgram } from './program.js';
import { reportError } from './exit.js';

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportError(error, process.argv.includes('--debug'));
}
