import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishResults } from '@gmoe/experiment';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { SweepResults } from '@gmoe/report';
import { armTable, ratesTable, testTable } from './study-tables.js';
import { studyText } from './write-study.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('docs/study.md holds the tables that its results give', async () => {
  const options = { ...(await resolveConfig(`${root}/docs/study.md`)), parser: 'markdown' };
  expect(await format(studyText(root), options)).toBe(readFileSync(`${root}/docs/study.md`, 'utf8'));
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
    expect(armTable(results)).toContain('| gmoe | 3 of 3 | 60.0 ± 10.0 | 35.2 to 84.8 |');
    expect(armTable(results)).toContain('| lora-equal | 1 of 3 | 50.0 |  |');
  });

  it('tests the pairs of the design on shared seeds', () => {
    // scipy.stats.ttest_rel([.5, .6, .7], [.5, .5, .55]): t = 1.8898, p = 0.1994
    expect(testTable(results)).toContain('| gmoe − mixlora | 8.3 | -10.6 to 27.3 | 0.199 | 0.199 | 1.09 |');
    expect(testTable(results)).toContain('| gmoe − lora-equal | fewer than two shared seeds |');
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
    expect(armTable(routed)).toContain('| 0.50 | 80 | 50 | 2.00 | 60 |');
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
