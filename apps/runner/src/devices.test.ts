import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeTinyBase } from './testing/options/tiny-inputs.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { folder, gmoe } = setUpGmoe();

/** A package as tfjs-node 4.22 is on Node 23 and later: it loads, and every operation of its backend throws. */
const BROKEN = `
const tf = require('@tensorflow/tfjs-core');
class Backend extends tf.KernelBackend { write() { return {}; } floatPrecision() { return 32; } epsilon() { return 1e-7; } disposeData() { return true; } numDataIds() { return 0; } }
tf.registerBackend('tensorflow', () => new Backend(), 3);
for (const kernelName of ['BatchMatMul', 'Add', 'Multiply', 'Cast', 'Identity', 'Reshape']) {
  tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc() { throw new TypeError('(0 , util_1.isNullOrUndefined) is not a function'); } });
}
`;

it('a tensorflow package that loads and cannot compute is told as such; auto takes another backend', async () => {
  const place = join(folder(), 'modules', '@tensorflow', 'tfjs-node');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'index.js'), BROKEN);
  const before = process.env['NODE_PATH'];
  process.env['NODE_PATH'] = [join(folder(), 'modules'), resolve('node_modules')].join(delimiter);
  onTestFinished(() => {
    if (before === undefined) delete process.env['NODE_PATH'];
    else process.env['NODE_PATH'] = before;
  });
  const { stdout } = await gmoe(['doctor', '--format', 'json']);
  const { engines } = JSON.parse(stdout) as { engines: { subject: string; ok: boolean; detail: string }[] };
  const found = engines.find(({ subject }) => subject === 'eager tensorflow')!;
  expect(found.ok).toBe(false);
  expect(found.detail).toBe(
    `@tensorflow/tfjs-node opens and does not compute: (0 , util_1.isNullOrUndefined) is not a function; it needs Node 22 or older (this is ${process.version})`,
  );

  const base = join(folder(), 'base');
  await writeTinyBase(base);
  const generate = ['generate', '--base', base, '--prompt', 'a', '--max-tokens', '2', '--engine', 'eager'];
  expect(await gmoe(generate)).toMatchObject({ code: 0 });
  expect(await gmoe([...generate, '--device', 'tensorflow'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /device: 'tensorflow' cannot be used: @tensorflow\/tfjs-node opens and does not compute/,
    ) as string,
  });
});
