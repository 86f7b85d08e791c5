import { readFileSync } from 'node:fs';
import { fieldKind } from '@gmoe/core';
import { launcherKind, setPath, sweepFileSchema } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { components } from './components.js';
import { componentOptions, optionPaths } from './testing/options/list-options.js';
import { signature } from './testing/options/option-case.js';
import {
  ONE_VALUE,
  planOf,
  RAY_CASES,
  SHOWN_ELSEWHERE,
  SLURM_CASES,
  submittedBy,
  submittedToRay,
  SWEEP_CASES,
} from './testing/options/sweep-cases.js';

const isComponent = (schema: Parameters<typeof fieldKind>[0]) => fieldKind(schema) !== undefined;

/** The test that shows an option is still there. */
function expectElsewhere(option: string): void {
  const [file, words] = SHOWN_ELSEWHERE[option]!;
  expect(readFileSync(file, 'utf8').includes(words), `${file} no longer holds ${words}`).toBe(true);
}

describe('every option of a sweep file', () => {
  const paths = optionPaths(sweepFileSchema, isComponent);
  it.each(paths.filter((path) => !ONE_VALUE.includes(path)))('%s', (path) => {
    if (path in SHOWN_ELSEWHERE) return expectElsewhere(path);
    const each = SWEEP_CASES[path];
    if (!each) throw new Error(`${path}: no case shows what it does`);
    expect(signature(planOf(each.to)) === signature(planOf(each.from ?? {})), `${path} changes nothing`).toBe(false);
  });

  it('knows no options that are gone', () => {
    const known = [...paths, 'launcher local.jobs', 'launcher ray.retries'];
    expect(
      [...Object.keys(SWEEP_CASES), ...Object.keys(SHOWN_ELSEWHERE), ...ONE_VALUE].filter(
        (path) => !known.includes(path),
      ),
    ).toEqual([]);
  });
});

describe('every option of a launcher', () => {
  it('is looked at here', () => {
    const others = componentOptions(components, isComponent).filter(
      (option) => /^launcher (?!slurm\.|ray\.)/.test(option) && !(option in SHOWN_ELSEWHERE),
    );
    expect(others).toEqual([]);
  });
});

describe('every option of a Slurm array', () => {
  let plain: Promise<string> | undefined;
  it.each(Object.keys(components.get(launcherKind, 'slurm').options.shape).filter((option) => option !== 'id'))(
    '%s',
    async (option) => {
      if (!(option in SLURM_CASES)) throw new Error(`${option}: no case shows what it does`);
      plain ??= submittedBy({});
      const before = await plain;
      expect((await submittedBy({ [option]: SLURM_CASES[option] })) === before, `${option} changes nothing`).toBe(
        false,
      );
    },
  );
});

describe('every option of a worker on Ray', () => {
  let plain: Promise<string> | undefined;
  const ofRay = componentOptions(components, isComponent).filter((option) => option.startsWith('launcher ray.'));
  it.each(ofRay)('%s', async (option) => {
    if (option in SHOWN_ELSEWHERE) return expectElsewhere(option);
    const path = option.replace('launcher ray.', '');
    if (!(path in RAY_CASES)) throw new Error(`${path}: no case shows what it does`);
    plain ??= submittedToRay({});
    const before = await plain;
    const changed = setPath({}, path, RAY_CASES[path] as never);
    expect((await submittedToRay(changed)) === before, `${path} changes nothing`).toBe(false);
  });
});
