import { widenFloat16 } from '../checkpoint/element-types.js';

let table: Float32Array | undefined;

/** The value of each IEEE half bit pattern. */
export function halfFloats(): Float32Array {
  if (!table) {
    const bits = new Uint32Array(0x10000);
    widenFloat16(
      Uint16Array.from(bits, (_, half) => half),
      bits,
    );
    table = new Float32Array(bits.buffer);
  }
  return table;
}
