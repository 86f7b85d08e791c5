import { UserError, type Json } from '@gmoe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleComponents, schemaOver } from '../testing/example-schema.js';
import { parseSweep, planSweep, definePreset, splitTextHint, type JsonObject, type SweepPlan } from './index.js';

const presets = [
  { id: 'lora', description: 'no mixture', trial: { router: { id: 'linear' }, adapter: { experts: 1, k: 1 } } },
  {
    id: 'gmoe',
    description: 'both losses',
    trial: { router: { id: 'graph' }, coordination: [{ id: 'poisson' }, { id: 'normal' }] },
  },
].map(definePreset);
const exampleSchema = schemaOver(exampleComponents(presets));

function plan(raw: JsonObject, set: readonly string[] = []): SweepPlan {
  return planSweep(parseSweep(raw, { source: 'sweep.yaml', name: 'sweep', set }), { schema: exampleSchema });
}

const names = (sweep: SweepPlan): string[] => sweep.arms.map((arm) => arm.name);

describe('planSweep', () => {
  it('crosses routers, strategies and seeds, and names arms by their values', () => {
    const sweep = plan({
      grid: {
        'router.id': ['linear', 'graph'],
        coordination: {
          none: [],
          poisson: [{ id: 'poisson' }],
          'poisson+normal': [{ id: 'poisson' }, { id: 'normal' }],
        },
      },
      seeds: 3,
    });
    expect(names(sweep)).toEqual([
      'linear · none',
      'linear · poisson',
      'linear · poisson+normal',
      'graph · none',
      'graph · poisson',
      'graph · poisson+normal',
    ]);
    expect(sweep.trials).toHaveLength(18);
    expect(sweep.arms[5]!.axes).toEqual({ 'router.id': 'graph', coordination: 'poisson+normal' });
    expect(sweep.trials[17]!.config).toEqual({
      base: 'bundled',
      fidelity: 'paper',
      adapter: { experts: 8, k: 2, rank: 4 },
      router: { id: 'graph', width: 256, density: 0.1 },
      coordination: [
        { id: 'poisson', coefficient: 1 },
        { id: 'normal', coefficient: 1 },
      ],
      optimizer: { learningRate: 2e-4 },
      steps: 10,
      engine: { threads: 1 },
      seed: 2,
    });
  });

  it('applies a conditional axis only where its condition holds, and collapses what becomes equal', () => {
    const sweep = plan({
      grid: { 'router.density': [0.1, 0.4], 'router.id': ['linear', 'graph'] },
      when: { 'router.density': { 'router.id': 'graph' } },
    });
    expect(names(sweep)).toEqual(['linear', 'density=0.1 · graph', 'density=0.4 · graph']);
    expect(sweep.duplicates).toBe(1);
  });

  it('moves paired axes together and refuses lists of different length', () => {
    const sweep = plan({ paired: [{ 'adapter.rank': [2, 4, 8], 'optimizer.learningRate': [4e-4, 2e-4, 1e-4] }] });
    expect(names(sweep)).toEqual([
      'rank=2, learningRate=0.0004',
      'rank=4, learningRate=0.0002',
      'rank=8, learningRate=0.0001',
    ]);
    expect(() => plan({ paired: [{ 'adapter.rank': [2, 4], steps: [1] }] })).toThrow(
      'sweep.yaml: paired.0: all lists must have the same length (got adapter.rank 2, steps 1)',
    );
  });

  it('takes explicit arms beside the grid, presets by name, and leaves combinations out', () => {
    const sweep = plan({
      grid: { preset: ['lora', 'gmoe'], 'adapter.rank': [2, 4] },
      exclude: [{ preset: 'lora', 'adapter.rank': 4 }],
      arms: [{ name: 'wide graph', preset: 'gmoe', set: { 'router.width': 512 } }],
    });
    expect(names(sweep)).toEqual(['lora · rank=2', 'gmoe · rank=2', 'gmoe · rank=4', 'wide graph']);
    expect(sweep.arms[3]!.trials[0]!.config).toMatchObject({ router: { id: 'graph', width: 512, density: 0.1 } });
  });

  it('lets fidelity choose defaults that the user can still override', () => {
    const [arm] = plan({ trial: { fidelity: 'reference', router: { id: 'graph', density: 0.5 } } }).arms;
    expect(arm!.trials[0]!.config['router']).toEqual({ id: 'graph', width: 128, density: 0.5 });
  });

  it('draws search points that stay in range, are reproducible, and extend when more are asked for', () => {
    const search = (trials: number, method: string): JsonObject => ({
      search: {
        method,
        trials,
        space: {
          'optimizer.learningRate': { min: 1e-5, max: 1e-1, scale: 'log' },
          'adapter.rank': { min: 1, max: 16, integer: true },
        },
      },
    });
    for (const method of ['random', 'quasi-random']) {
      const rates = plan(search(32, method)).arms.map((arm) => arm.axes['optimizer.learningRate'] as number);
      expect(plan(search(16, method)).arms.map((arm) => arm.axes['optimizer.learningRate'])).toEqual(
        rates.slice(0, 16),
      );
      expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-5);
      expect(Math.max(...rates)).toBeLessThanOrEqual(1e-1);
      if (method === 'random') continue;
      // Halton in base 2 (learningRate is the second axis by name: base 3): every third of the log range gets its share
      const thirds = [0, 1, 2].map(
        (third) => rates.filter((r) => Math.floor((Math.log10(r) + 5) / (4 / 3)) === third).length,
      );
      for (const count of thirds) expect(Math.abs(count - 32 / 3)).toBeLessThan(2.5);
    }
  });

  it('overrides: one value fixes a field, several make an axis, names choose among named values', () => {
    const raw: JsonObject = {
      grid: { coordination: { none: [], poisson: [{ id: 'poisson' }] }, steps: [1, 2] },
      seeds: 2,
    };
    const sweep = plan(raw, ['coordination=poisson', 'steps=5', 'adapter.rank=2,4', 'seeds=3']);
    expect(names(sweep)).toEqual(['poisson · rank=2', 'poisson · rank=4']);
    expect(sweep.trials).toHaveLength(6);
    expect(sweep.trials[0]!.config['steps']).toBe(5);
    expect(() => plan(raw, ['coordination=normal'])).toThrow("no value named 'normal'; it has: none, poisson");
    expect(() => plan(raw, ['steps'])).toThrow('--set steps: must be path=value');
    // Text with signs of YAML: told how to write it. A mapping whose value is null is one.
    const torn = 'steps={text}, which label? Label:';
    const quoting = 'quote a text that holds';
    expect(() => plan(raw, [torn])).toThrow(`--set ${torn}: the value is taken for a mapping of YAML; ${quoting}`);
    expect(() => plan(raw, [torn])).toThrow(`--set 'steps="{text}, which label? Label:"'`);
    expect(() => plan(raw, ['steps=m0 # old'])).toThrow(`is not valid YAML; ${quoting}`);
    expect(() => plan(raw, ['adapter={rank: null}'])).toThrow(/^sweep\.yaml: /);
    const split = ['trial.base=ok,v2.csv', 'steps=1,2'];
    expect(splitTextHint('base: ok: no such file', split)).toBe(
      `; a comma in --set divides values: a text that holds one is quoted, --set 'base="ok,v2.csv"'`,
    );
    expect(splitTextHint('steps: 1: too few', split)).toBeUndefined();
    const conditional = { ...raw, grid: { 'router.id': ['linear', 'graph'], 'router.density': [0.1, 0.2] } };
    const when = { 'router.density': { 'router.id': 'graph' } };
    expect(names(plan({ ...conditional, when }, ['router.density=0.5']))).toEqual(['linear', 'graph · density=0.5']);
    expect(names(plan({ ...raw, grid: { steps: [1, 2] } }, ['trial.adapter.rank=2,4', 'trial.steps=5']))).toEqual([
      'rank=2',
      'rank=4',
    ]);
    const presets = plan({ preset: 'lora' }, ['preset=lora,gmoe']);
    expect(names(presets)).toEqual(['lora', 'gmoe']);
    expect(presets.trials.map(({ config }) => (config['router'] as JsonObject)['id'])).toEqual(['linear', 'graph']);
    expect(plan({ preset: 'lora' }, ['preset=gmoe']).trials[0]!.config['router']).toMatchObject({ id: 'graph' });
    expect(plan(raw, ['seeds=[7]']).trials.map((trial) => trial.seed)).toEqual([7, 7, 7, 7]);
  });

  it.each<[JsonObject, RegExp]>([
    [{ grid: {} }, /^sweep.yaml: grid: an empty grid/],
    [{ grid: { steps: [] } }, /^sweep.yaml: grid.steps: .*at least one value/],
    [{ gird: { steps: [1] } }, /^sweep.yaml: Unrecognized key: "gird"; did you mean 'grid'\? known: /],
    [{ trial: { stepz: 1 } }, /^sweep.yaml: Unrecognized key: "stepz"/],
    [{ grid: { steps: [3, 0] } }, /^sweep.yaml: steps=0: steps: Too small: .*>=1 \(got 0\)$/],
    [
      { grid: { 'router.id': ['graf'] } },
      /^sweep.yaml: router.id=graf: router.id: unknown router; did you mean 'graph'\? known: linear, graph \(got "graf"\)$/,
    ],
    [
      { grid: { 'router.density': [2] }, trial: { router: { id: 'graph' } } },
      /router.density: Too big: .*<=1 \(got 2\)$/,
    ],
    [{ grid: { 'adapter.k': [9] } }, /adapter.k: must be at most adapter.experts = 8 \(got 9\)$/],
    [
      { trial: { steps: 'many' } },
      /^sweep.yaml: steps: Invalid input: expected number, received string \(got "many"\)$/,
    ],
    [{ preset: 'gmo' }, /^sweep.yaml: preset: unknown preset; did you mean 'gmoe'\? known: lora, gmoe \(got "gmo"\)$/],
    [{ seeds: 0 }, /^sweep.yaml: seeds: Too small: .*>=1 \(got 0\)/],
    [{ seeds: 1.5 }, /^sweep.yaml: seeds: must be how many .* or a list .*\(got 1.5\)$/],
    [{ seeds: NaN }, /^sweep.yaml: seeds: must be .*\(got NaN\)$/],
    [{ seeds: 100_001 }, /^sweep.yaml: seeds: Too big: .*<=100000/],
    [{ seeds: 60_000, grid: { steps: [1, 2] } }, /seeds: at most 100000 trials .*\(got 2 arms of 60000 seeds\)$/],
    [{ grid: { 'router..density': [1] } }, /grid.router..density: must be a dotted path/],
    [{ grid: { steps: [NaN] } }, /grid.steps.0: must be a finite number \(got NaN\)$/],
    [
      { grid: { 'router.density': [0.1] }, when: { 'router.densty': { 'router.id': 'graph' } } },
      /when.router.densty: is no axis of this sweep; did you mean 'router.density'\? axes: router.density$/,
    ],
    [{ stopping: { id: 'asha', rungs: [5, 2] } }, /stopping.rungs: must rise \(got \[5,2\]\)$/],
    [{ grid: { steps: [1] }, exclude: [{ steps: 1 }] }, /leaves no trial of 1 arms$/],
    [{ grid: { seed: [1] } }, /list them under seeds/],
    [{ trial: { seed: 1 }, seeds: [1] }, /trial.seed: must be left out/],
    [
      {
        arms: [
          { name: 'a', set: { steps: 1 } },
          { name: 'a', set: { steps: 2 } },
        ],
      },
      /two different configurations are named 'a'/,
    ],
    [
      { grid: { 'coordination.poisson.coefficient': [1] }, trial: { coordination: [{ id: 'normal' }] } },
      /no element 'poisson'; it has: normal/,
    ],
    [
      { search: { trials: 2, space: { steps: { min: 0, max: 2, scale: 'log' } } } },
      /search.space.steps.min: must be above 0/,
    ],
  ])('refuses %j with one line', (raw, message) => {
    expect(() => plan(raw)).toThrow(message);
    expect(() => plan(raw)).toThrow(UserError);
  });
});

const axisValues = fc.record({
  steps: fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 3 }),
  'router.id': fc.uniqueArray(fc.constantFrom('linear', 'graph'), { minLength: 1 }),
  'router.density': fc.uniqueArray(fc.constantFrom(0.1, 0.25, 0.5), { minLength: 1 }),
  'adapter.rank': fc.uniqueArray(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 3 }),
});

describe('expansion', () => {
  it('has as many arms as the product says, each once; identity ignores the order of axes, keys and values', () => {
    fc.assert(
      fc.property(axisValues, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat()), (axes, seeds, random) => {
        const raw: JsonObject = { grid: axes, when: { 'router.density': { 'router.id': ['graph'] } }, seeds };
        const sweep = plan(raw);
        const routerChoices =
          (axes['router.id'].includes('linear') ? 1 : 0) +
          (axes['router.id'].includes('graph') ? axes['router.density'].length : 0);
        expect(sweep.arms).toHaveLength(axes.steps.length * axes['adapter.rank'].length * routerChoices);
        const hashes = sweep.trials.map((trial) => trial.hash);
        expect(new Set(hashes).size).toBe(sweep.arms.length * seeds);
        expect(new Set(names(sweep)).size).toBe(sweep.arms.length);

        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => ({ value, rank: random.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ value }) => value);
        const shuffled = Object.fromEntries(
          shuffle(Object.entries(axes)).map(([key, values]) => [key, shuffle(values as Json[])]),
        );
        expect(new Set(plan({ ...raw, grid: shuffled }).trials.map((trial) => trial.hash))).toEqual(new Set(hashes));
      }),
      { numRuns: 60 },
    );
  });

  it('groups trials by everything but the seed, and ignores where they run', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(1000), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 8 }),
        (seeds, threads) => {
          const here = plan({ seeds }).trials;
          const there = plan({ seeds, trial: { engine: { threads } } }).trials;
          expect(there.map((trial) => trial.hash)).toEqual(here.map((trial) => trial.hash));
          expect(new Set(here.map((trial) => trial.group)).size).toBe(1);
          expect(new Set(here.map((trial) => trial.hash)).size).toBe(seeds.length);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps every trial when the grid grows', () => {
    fc.assert(
      fc.property(axisValues, fc.integer({ min: 51, max: 60 }), (axes, more) => {
        const when = { 'router.density': { 'router.id': 'graph' } };
        const before = plan({ grid: axes, when }).trials.map((trial) => trial.hash);
        const after = plan({ grid: { ...axes, steps: [...axes.steps, more] }, when }).trials.map((trial) => trial.hash);
        expect(before.every((hash) => after.includes(hash))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
