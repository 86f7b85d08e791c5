function bytes(base64: string): Uint8Array {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

export const float32 = (base64: string): Float32Array => new Float32Array(bytes(base64).buffer);
export const uint32 = (base64: string): Uint32Array => new Uint32Array(bytes(base64).buffer);
export const uint16 = (base64: string): Uint16Array => new Uint16Array(bytes(base64).buffer);
export const uint8 = bytes;
