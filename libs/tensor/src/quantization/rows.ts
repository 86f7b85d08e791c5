/** Quantised activations are -127..127, stored as unsigned bytes around this zero point, as x86's products want them. */
export const INT8_ZERO_POINT = 128;
export const INT8_LARGEST = 127;
/** A row without a larger absolute value is scaled as if it had one of this, so that no row divides by zero. */
export const SMALLEST_PEAK = 1e-20;
