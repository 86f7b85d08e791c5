import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine, HostTensor, tf } from '../index.js';

it('computes without a file in the home folder: telemetry of ONNX Runtime is off before it starts', async () => {
  const home = mkdtempSync(join(tmpdir(), 'gmoe-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  // The native library asks the system for its home, when the first session is opened.
  Object.assign(process.env, { HOME: home, XDG_CACHE_HOME: join(home, 'cache') });
  const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
  const twice = engine.jit((_frozen: Record<string, never>, x: tf.Tensor) => tf.mul(x, 2), {
    name: 'twice',
    frozen: {},
  });
  const y = await twice(new HostTensor(new Float32Array([1, 2]), [2], 'float32'));
  expect([...y.data]).toEqual([2, 4]);
  await twice.dispose();
  await engine.dispose();
  expect(readdirSync(home, { recursive: true })).toEqual([]);
});

it('is opened by nobody who has not switched its telemetry off: one file alone imports it', () => {
  const sources = ['libs', 'apps'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
      .map((path) => join(folder, path)),
  );
  const importing = sources.filter((path) =>
    /^(?:import (?!type)[^;]*|.*import\(|.*require\()\s*(?:from )?'onnxruntime-node'/m.test(readFileSync(path, 'utf8')),
  );
  expect(importing).toEqual(['libs/tensor/src/engine/onnx-runtime.ts']);
});
