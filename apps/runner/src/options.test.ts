import type { ComponentChoice, ComponentKind } from '@gmoe/core';
import { fieldKind } from '@gmoe/core';
import { mergeConfig, setPath, type JsonObject } from '@gmoe/experiment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { components, schema } from './components.js';
import { componentOptions, optionPaths } from './testing/options/list-options.js';
import { METHOD_CASES } from './testing/options/method-cases.js';
import {
  closeProbes,
  probeAdapter,
  probeOptimizer,
  probeRouter,
  probeSchedule,
  probeSelector,
  probeStrategy,
} from './testing/options/method-probes.js';
import { caseOf, signature } from './testing/options/option-case.js';
import { probeTask, taskInputs, TASK_CASES } from './testing/options/task-cases.js';
import { runTiny, setUpTrials, tearDownTrials, TRIAL_CASES, TRIAL_COSTS } from './testing/options/trial-cases.js';

afterAll(closeProbes);

const isComponent = (schema: z.core.$ZodType) => fieldKind(schema) !== undefined;

const PROBES: Readonly<Record<string, (choice: ComponentChoice) => Promise<unknown>>> = {
  adapter: probeAdapter,
  router: probeRouter,
  selector: probeSelector,
  coordination: probeStrategy,
  optimizer: probeOptimizer,
  schedule: probeSchedule,
  task: probeTask,
};
const CASES = { ...METHOD_CASES, ...TASK_CASES };

const options = componentOptions(components, isComponent);
const ofMethod = options.filter((option) => option.split(' ')[0]! in PROBES);

const known = new Map<string, Promise<string>>();
function outcome(kind: ComponentKind, choice: ComponentChoice): Promise<string> {
  const resolved = components.resolveChoice(kind, choice);
  const key = `${kind.name} ${JSON.stringify(resolved)}`;
  if (!known.has(key)) known.set(key, PROBES[kind.name]!(resolved).then(signature));
  return known.get(key)!;
}

describe('every option of the method', () => {
  it.each(ofMethod)('%s', async (option) => {
    const [, name, id, path] = /^(\S+) ([^.]+)\.(.+)$/.exec(option)!;
    const kind = components.kinds.find((each) => each.name === name)!;
    const each = caseOf(CASES, option);
    if (!each || !('to' in each)) throw new Error(`${option}: no case shows what it does`);
    const choice = (value: unknown): ComponentChoice => {
      let made: JsonObject = name === 'task' ? taskInputs(id!) : {};
      for (const [beside, set] of Object.entries(each.beside ?? {})) made = setPath(made, beside, set as never);
      return { id: id!, ...(value === undefined ? made : setPath(made, path!, value as never)) };
    };
    const before = await outcome(kind, choice(each.from));
    const to: unknown = typeof each.to === 'function' ? (each.to as (id: string) => unknown)(id!) : each.to;
    expect((await outcome(kind, choice(to))) === before, `${option} changes nothing`).toBe(false);
  });
});

describe('the cases', () => {
  it('know no options that are gone', () => {
    const gone = Object.keys(CASES).filter((key) => {
      const [, name, path] = /^(\S+) \*\.(.+)$/.exec(key) ?? [];
      return path === undefined
        ? !options.includes(key)
        : !options.some((option) => option.startsWith(`${name} `) && option.endsWith(`.${path}`));
    });
    expect(gone).toEqual([]);
  });
});

describe('every option of a trial', () => {
  beforeAll(setUpTrials);
  afterAll(tearDownTrials);
  const done = new Map<string, Promise<string>>();
  const outcomeOf = (config: JsonObject): Promise<string> => {
    const key = JSON.stringify(config);
    if (!done.has(key)) done.set(key, runTiny(config).then(signature));
    return done.get(key)!;
  };
  const ofTrial = [
    ...optionPaths(schema.schema, isComponent).map((path) => `trial ${path}`),
    ...options.filter((option) => option.startsWith('scoring ')),
  ].filter((option) => !/^trial adapter\./.test(option));

  it.each(ofTrial.filter((option) => !(option in TRIAL_COSTS)))('%s', async (option) => {
    const each = TRIAL_CASES[option];
    if (!each) throw new Error(`${option}: no case shows what it does`);
    const beside = each.with?.() ?? {};
    const to = typeof each.to === 'function' ? each.to() : each.to;
    const before = await outcomeOf(beside);
    const after = await outcomeOf(mergeConfig(beside, to) as JsonObject);
    expect(after === before, `${option} changes nothing: ${before.slice(-300)}`).toBe(false);
  });
});
