/** Writes the small step of the parity test for `step_torch.py`: tsx --tsconfig tsconfig.base.json tools/bench/export-parity.ts FOLDER */
import { createBenchStep, exportBenchStep, PARITY_SIZE } from './bench-step.js';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: export-parity.ts FOLDER');
await exportBenchStep(createBenchStep(PARITY_SIZE), folder);
