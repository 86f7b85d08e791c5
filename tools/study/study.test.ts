import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishResults } from '@gmoe/experiment';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { SweepResults } from '@gmoe/report';
import { routingTable, scoreTable } from './arm-table.js';
import { overviewTable } from './overview-table.js';
import { ratesTable } from './rates-table.js';
import { testTable } from './test-table.js';
import { studyOf } from './write-study.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('docs/study.md holds the tables and figures that its results give', async () => {
  const { text, figures } = studyOf(root);
  const options = { ...(await resolveConfig(`${root}/docs/study.md`)), parser: 'markdown' };
  expect(await format(text, options)).toBe(readFileSync(`${root}/docs/study.md`, 'utf8'));
  const drawn = readdirSync(`${root}/docs/images`).filter((file) => file.startsWith('study-'));
  expect(drawn.toSorted()).toEqual([...figures.keys()].toSorted());
  for (const [file, svg] of figures) expect(svg).toBe(readFileSync(`${root}/docs/images/${file}`, 'utf8'));
});

describe('published results', () => {
  const sweeps = readdirSync(join(root, 'results'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('sweep.json'))
    .map((path) => dirname(path));

  it.each(sweeps)('%s is byte by byte what its trials wrote', (sweep) => {
    const to = mkdtempSync(join(tmpdir(), 'gmoe-published-'));
    try {
      const { added, present } = publishResults(join(root, 'results', sweep), join(to, 'copy'));
      expect(present).toBe(0);
      expect(added).toBeGreaterThan(0);
    } finally {
      rmSync(to, { recursive: true, force: true });
    }
  });
});

/** A sweep of these accuracies, arm by arm and seed by seed. */
function sweepOf(arms: Readonly<Record<string, readonly number[]>>, more: object = {}): SweepResults {
  const trials = Object.entries(arms).flatMap(([arm, accuracies]) =>
    accuracies.map((accuracy, seed) => ({
      trial: { hash: '', group: '', arm, axes: {}, seed },
      state: Number.isNaN(accuracy) ? 'missing' : 'finished',
      result: {
        metrics: { 'eval/accuracy': accuracy, 'eval/loss': 1, 'model/trainable_parameters': 2e6 },
        seconds: 60,
      },
      events: [],
      predictions: [],
      ...more,
    })),
  );
  return { directory: '', name: '', trials, baselines: [], stops: [], provenance: {}, warnings: [] } as never;
}

describe('tables of the study', () => {
  const results = sweepOf({ gmoe: [0.5, 0.6, 0.7], mixlora: [0.5, 0.5, 0.55], 'lora-equal': [0.5, NaN, NaN] });

  it('says mean, deviation and how many seeds there are', () => {
    // scipy: t.interval(.95, 2, .6, .1 / 3 ** .5) = (.3516, .8484); (2 * .01 / chi2.ppf([.975, .025], 2)) ** .5 = (.0521, .6285)
    expect(scoreTable(results)).toContain('| gmoe | 3 of 3 | 60.0 ± 10.0 | 35.2 to 84.8 | 5.2 to 62.8 |');
    expect(scoreTable(results)).toContain('| lora-equal | 1 of 3 | 50.0 |  |');
  });

  it('has the average over tasks for arms that are whole in each', () => {
    const other = sweepOf({ gmoe: [0.7, 0.7, 0.7], mixlora: [0.5, 0.5, NaN] });
    const table = overviewTable(new Map(Object.entries({ easy: results, hard: other })));
    expect(table).toContain('| arm | easy | hard | average |');
    expect(table).toContain('| gmoe | 60.00 (10.00) | 70.00 (0.00) | 65.00 (5.00) |');
    expect(table).toContain('| mixlora | 51.67 (2.89) |  |  |');
  });

  it('tests the pairs of the design on shared seeds', () => {
    // scipy.stats.ttest_rel([.5, .6, .7], [.5, .5, .55]): t = 1.8898, p = 0.1994
    expect(testTable(results)).toContain('| gmoe − mixlora | 8.3 | -10.6 to 27.3 |  | 0.199 | 0.199 | 1.09 |');
    expect(testTable(results)).toContain('| gmoe − lora-equal | fewer than two shared seeds |');
  });

  it('describes the pairs of the ablation without a test', () => {
    const ablation = testTable(sweepOf({ gmoe: [0.5, 0.6], 'gmoe-no-poisson': [0.5, 0.5] }));
    expect(ablation).toMatch(/gmoe − gmoe-no-poisson \| 5\.0 \| -58\.5 to 68\.5 \|  \|  \|  \| 0\.71 \|  \| 0\.000 \(/);
  });

  it('resamples seeds and examples', () => {
    const trial = (arm: string, seed: number, right: readonly boolean[]) => ({
      trial: { hash: '', group: '', arm, axes: {}, seed },
      state: 'finished',
      result: { metrics: { 'eval/accuracy': right.filter(Boolean).length / right.length }, seconds: 1 },
      predictions: right.map((correct, i) => ({ id: String(i), correct })),
    });
    const same = [0, 1].flatMap((seed) => [
      trial('gmoe', seed, [true, false, true, false]),
      trial('mixlora', seed, [true, false, true, false]),
    ]);
    expect(testTable({ trials: same } as never)).toContain('| gmoe − mixlora | 0.0 | 0.0 to 0.0 | 0.0 to 0.0 |');
    const apart = [0, 1].flatMap((seed) => [
      trial('gmoe', seed, [true, true, true, true]),
      trial('mixlora', seed, [false, true, true, true]),
    ]);
    // The example that differs is drawn 0 to 3 of 4 times in all but 2 % of resamples: Binomial(4, 1/4).
    expect(testTable({ trials: apart } as never)).toContain('| gmoe − mixlora | 25.0 | 25.0 to 25.0 | 0.0 to 75.0 |');
  });

  it('takes evenness and the commonest pair from the routing', () => {
    const layer = {
      selected: [10, 10, 0, 0],
      together: [
        [10, 8, 0, 0],
        [8, 10, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    };
    const routed = sweepOf({ gmoe: [0.5] }, { routing: { tokens: 10, layers: [layer] } });
    expect(routingTable(routed)).toContain('| gmoe | 0.50 | 80 | 50 | 2.00 | 60 |');
  });

  it('chooses the rate with the least loss, where all are there', () => {
    const trial = (arm: string, rate: number, loss: number) => ({
      trial: {
        hash: '',
        group: '',
        arm: `${arm} · learningRate=${rate}`,
        axes: { 'optimizer.learningRate': rate },
        seed: 100,
      },
      state: Number.isNaN(loss) ? 'missing' : 'finished',
      result: { metrics: { 'best/loss': loss } },
    });
    const trials = [trial('a', 0.001, 2), trial('a', 0.003, 1.5), trial('b', 0.001, 2), trial('b', 0.003, NaN)];
    const table = ratesTable({ trials } as never);
    expect(table).toContain('| a | 2.000 | 1.500 | 0.003 |');
    expect(table).toContain('| b | 2.000 |  | open |');
  });
});
