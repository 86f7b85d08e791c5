import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testingPath } from '../testing/golden-model.js';
import { BLOCK_TYPES, decodeBlocks } from './block-types.js';

/** As tools/goldens/gguf_blocks.py writes it. */
const golden = JSON.parse(readFileSync(testingPath('gguf/blocks.json'), 'utf8')) as Record<
  string,
  { readonly blocks: string; readonly values: string }
>;

describe('blocks of ggml', () => {
  const types = [...BLOCK_TYPES.values()].filter(({ name }) => name !== 'F32');

  it.each(types)("$name: the values of Python's gguf, bit for bit", (type) => {
    const { blocks, values } = golden[type.name]!;
    const expected = Buffer.from(values, 'base64');
    const out = new Float32Array(expected.length / 4);
    decodeBlocks(type, Buffer.from(blocks, 'base64'), out);
    // Of equal value and sign: 0 and -0 are two bit patterns.
    expect(Buffer.from(out.buffer).equals(expected)).toBe(true);
  });

  it('F32 is float32', () => {
    const out = new Float32Array(2);
    decodeBlocks(BLOCK_TYPES.get(0)!, new Uint8Array(Float32Array.of(1.5, -2).buffer), out);
    expect([...out]).toEqual([1.5, -2]);
  });
});
