/** Ops that turn weights in 8 bits into floats. */
export const WIDENING: ReadonlySet<string> = new Set(['Cast', 'DequantizeLinear']);
