import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('a process whose first use of tfjs is a trace is left with a backend that computes', () => {
  const index = fileURLToPath(new URL('../index.ts', import.meta.url));
  const script = `
    import { tf } from '${index}';
    import { trace } from '${fileURLToPath(new URL('trace.ts', import.meta.url))}';
    const before = tf.getBackend();
    trace(() => tf.add(tf.scalar(1), tf.scalar(2)), []);
    process.stdout.write(JSON.stringify([before ?? null, tf.getBackend(), tf.memory().numTensors, tf.scalar(3).dataSync()[0]]));`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.base.json' },
  });
  expect(JSON.parse(stdout || stderr)).toEqual([null, 'cpu', 0, 3]);
});
