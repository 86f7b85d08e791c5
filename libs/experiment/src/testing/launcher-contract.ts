import assert from 'node:assert/strict';
import { componentChecks, DEFAULTS, type Contract } from '@gmoe/core';
import { launcherKind, type LauncherFactory } from '../launch/index.js';
import { bundle, fakeStore } from './fake-sweep.js';

/** Steps of the trials of a test sweep, by arm. */
const GRID = { grid: { steps: [3, 4] }, seeds: 2 };

/** What every launcher must hold, with workers that run made-up trials on this machine. */
export const launcherContract: Contract<LauncherFactory> = {
  kind: launcherKind,
  checks: (component, cases = DEFAULTS) => [
    ...componentChecks(component),
    ...cases.map(({ name, options }) => ({
      name: `${name}: runs each open trial once, tells of its end, and runs nothing again`,
      async run() {
        const worker = await bundle('fake-worker');
        const store = fakeStore(GRID);
        const launcher = component.create(options)({
          command: ({ folder }) => [process.execPath, worker, folder, '0'],
        });
        const ended: string[] = [];
        const submission = await launcher.submit({ store });
        for await (const event of submission.events())
          if (event.type === 'trial-finished') ended.push(event.trial.hash);
        const none = { failed: 0, remaining: 0, damaged: 0, stopped: 0 };
        assert.deepEqual(await submission.done, { finished: 4, ...none });
        const hashes = store.manifest().trials.map(({ hash }) => hash);
        assert.deepEqual([...ended].sort(), [...hashes].sort());
        const again = await launcher.submit({ store });
        for await (const event of again.events()) assert.notEqual(event.type, 'trial-started');
        assert.deepEqual(await again.done, { finished: 4, ...none });
        for (const hash of hashes) assert.equal(store.attempts(hash).length, 1, hash);
      },
    })),
  ],
};
