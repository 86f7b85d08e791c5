/** Base64 of an array's bytes; typed arrays are little-endian on every machine that Node runs on. */
export function packNumbers(values: Float32Array | Uint32Array | Uint16Array | Uint8Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
