/** Registers every lowering. */
import './elementwise.js';
import './indexing.js';
import './matmul.js';
import './quantized.js';
import './reduction.js';
import './rotary.js';
import './shape.js';

export { loweredKernels } from './lowering.js';
