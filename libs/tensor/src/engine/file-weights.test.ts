import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine, frozenLinear, HostTensor, int8Weights, tf } from '../index.js';

const ROWS = 300;
const COLUMNS = 40;
const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i));

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'gmoe-mapped-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** The matrix in a file, behind some other bytes. */
function inFile(name: string, version: string, matrix = values): HostTensor {
  const path = join(folder, name);
  const offset = 12;
  writeFileSync(path, Buffer.concat([Buffer.alloc(offset), new Uint8Array(matrix.buffer)]));
  const read = () => new Float32Array(Uint8Array.from(readFileSync(path).subarray(offset)).buffer);
  return HostTensor.inFile({ path, offset, version, read }, [ROWS, COLUMNS]);
}

const product = ({ w }: { w: tf.Tensor2D }, x: tf.Tensor2D) => ({ y: tf.matMul(x, w, false, true) });
const x = HostTensor.float(
  Array.from({ length: COLUMNS }, (_, i) => Math.cos(i)),
  [1, COLUMNS],
);

async function run(engine: 'compiled' | 'eager', w: HostTensor): Promise<number[]> {
  const opened = await createEngine({ engine, device: 'cpu' });
  const { y } = await opened.jit(product, { name: 'product', frozen: { w } })(x);
  await opened.dispose();
  return Array.from(y.data);
}

it.each(['compiled', 'eager'] as const)('%s: weights in a file give what weights in memory give', async (engine) => {
  const expected = await run(engine, HostTensor.float(values, [ROWS, COLUMNS]));
  expect(await run(engine, inFile('w.bin', '1'))).toEqual(expected);
  // Another version of a file of the same name is not taken for the one that an idle session has mapped.
  rmSync(join(folder, 'w.bin'));
  const doubled = inFile(
    'w.bin',
    '2',
    values.map((value) => 2 * value),
  );
  expect(await run(engine, doubled)).toEqual(expected.map((value) => 2 * value));
});

it('weights of two folders: those of one are mapped, the others are fed', async () => {
  const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
  const other = mkdtempSync(join(folder, 'other-'));
  const a = inFile('a.bin', '1');
  const b = inFile(join(other.slice(folder.length + 1), 'b.bin'), '1');
  const program = engine.jit(
    (w: { a: tf.Tensor2D; b: tf.Tensor2D }, input: tf.Tensor2D) => ({
      y: tf.matMul(input, w.a.add<tf.Tensor2D>(w.b), false, true),
    }),
    { name: 'two', frozen: { a, b } },
  );
  const { y } = await program(x);
  const one = await run('compiled', a);
  one.forEach((value, i) => expect(y.data[i]).toBeCloseTo(2 * value, 4));
  if (existsSync('/proc/self/maps')) {
    const maps = readFileSync('/proc/self/maps', 'utf8');
    expect(maps).toContain(join(folder, 'a.bin'));
    expect(maps).not.toContain('b.bin');
  }
  await engine.dispose();
});

it.each(['compiled', 'eager'] as const)(
  '%s: int8 weights in a file are mapped and widened in the graph',
  async (name) => {
    const q = Int8Array.from(values, (value) => Math.round(127 * value));
    const path = join(folder, `int8-${name}.bin`);
    writeFileSync(path, Buffer.concat([Buffer.alloc(5), new Uint8Array(q.buffer)]));
    const read = () => Int8Array.from(readFileSync(path).subarray(5));
    const scale = HostTensor.full([ROWS], 0.01);
    const frozen = (weight: HostTensor) => ({ 'w.int8': weight, 'w.int8.scale': scale });
    const program = (w: Record<string, tf.Tensor>, input: tf.Tensor2D) => ({ y: frozenLinear(input, w, 'w') });
    const engine = await createEngine({ engine: name, device: 'cpu' });
    const file = HostTensor.inFile({ path, offset: 5, version: '1', read }, [ROWS, COLUMNS], 'int8');
    const { y } = await engine.jit(program, { name: 'int8', frozen: frozen(file) })(x);
    const held = await engine.jit(program, { name: 'int8', frozen: frozen(new HostTensor(q, [ROWS, COLUMNS])) })(x);
    expect(y.data).toEqual(held.y.data);
    for (let row = 0; row < ROWS; row++) {
      const exact = Array.from(x.data).reduce((sum, value, i) => sum + value * 0.01 * q[row * COLUMNS + i]!, 0);
      expect(y.data[row]).toBeCloseTo(exact, 4);
    }
    if (name === 'compiled' && existsSync('/proc/self/maps')) {
      expect(readFileSync('/proc/self/maps', 'utf8')).toContain(path);
    }
    await engine.dispose();
  },
);

it('weights in 8 bits are constants, beside them weights in a file are read, and no idle session gives another’s', async () => {
  const program = (w: Record<string, tf.Tensor>, input: tf.Tensor2D) => ({
    y: frozenLinear(input, w, 'q').add(tf.matMul(input, w['file'] as tf.Tensor2D, false, true)),
  });
  const file = inFile('beside.bin', '1');
  const one = async (factor: number) => {
    const q = HostTensor.float(
      values.map((value) => factor * value),
      [ROWS, COLUMNS],
    );
    const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    const frozen = { file, ...(await int8Weights({ q }, ['q'], 'int8')) };
    const { y } = await engine.jit(program, { name: 'beside', frozen })(x);
    await engine.dispose();
    return Array.from(y.data);
  };
  const exact = await run('compiled', file);
  for (const factor of [1, -3]) {
    const got = await one(factor);
    const largest = Math.max(...exact.map(Math.abs)) * (1 + Math.abs(factor));
    got.forEach((value, i) => expect(Math.abs(value - (1 + factor) * exact[i]!)).toBeLessThan(0.03 * largest));
  }
});
