import { ComponentRegistry } from '@gmoe/core';
import { testChecks } from '@gmoe/core/testing';
import { expect, it } from 'vitest';
import { launcherContract } from '../testing/index.js';
import { launcherKind, localLauncher, rayLauncher, slurmLauncher } from './index.js';

it('launchers are components: options resolved and checked, built for a program', () => {
  const registry = new ComponentRegistry([launcherKind], [localLauncher, slurmLauncher, rayLauncher]);
  const choice = registry.resolveChoice(launcherKind, { id: 'slurm', partition: 'gpu' });
  expect(choice).toMatchObject({ id: 'slurm', partition: 'gpu', cpus: 1, trialsPerTask: 1, signalSeconds: 120 });
  expect(registry.build(launcherKind, choice)({ command: () => ['true'] }).id).toBe('slurm');
  expect(registry.build(launcherKind, { id: 'local', jobs: 2 })({ command: () => ['true'] }).id).toBe('local');
  expect(() => registry.resolveChoice(launcherKind, { id: 'local', jobs: 0 })).toThrow(/jobs/);
  expect(registry.build(launcherKind, { id: 'ray', address: 'http://head:8265' })({ command: () => ['true'] }).id).toBe(
    'ray',
  );
  expect(() => registry.resolveChoice(launcherKind, { id: 'ray', address: 'ray://head:10001' })).toThrow(
    /address: must be the http\(s\) URL of the cluster's job server, .* \(got "ray:\/\/head:10001"\)/,
  );
  expect(() => registry.get(launcherKind, 'rya')).toThrow(/unknown launcher; did you mean 'ray'\?/);
});

testChecks("launcher 'local' keeps the contract", launcherContract.checks(localLauncher));
