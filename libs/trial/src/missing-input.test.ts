import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineError } from '@gmoe/experiment';
import { expect, it, onTestFinished } from 'vitest';
import { blameMissingInput, missingInput } from './missing-input.js';

it('tells an input that is not there from a fault of the trial', () => {
  const root = mkdtempSync(join(tmpdir(), 'gmoe-inputs-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [base, dataDir] = [join(root, 'base'), join(root, 'data')];
  const inputs = { base, task: { id: 'classification', dataDir, trainFile: 'a.csv', testFile: null } };
  expect(missingInput(inputs)).toEqual({ field: 'base', path: base });
  mkdirSync(base);
  writeFileSync(join(base, 'config.json'), '{}');
  expect(missingInput(inputs)).toEqual({ field: 'task.dataDir', path: dataDir });
  mkdirSync(dataDir);
  const failed = new Error('no such file');
  const blamed = blameMissingInput(failed, inputs);
  expect(blamed).toBeInstanceOf(MachineError);
  expect(blamed).toMatchObject({ blame: 'missing', path: join(dataDir, 'a.csv'), cause: failed });
  writeFileSync(join(dataDir, 'a.csv'), '');
  expect(blameMissingInput(failed, inputs)).toBe(failed);
  expect(missingInput({ base: 'bundled', task: { id: 'openstax-topics', dataDir: null } })).toBeUndefined();
});
