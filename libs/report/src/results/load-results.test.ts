import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepManifest } from '@gmoe/experiment';
import { writeSyntheticSweep } from '../testing/synthetic-sweep.js';
import { loadResults } from './load-results.js';

let folder: string;
let manifest: SweepManifest;
const home = (index: number) => join(folder, 'trials', manifest.trials[index]!.hash.slice(0, 16));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-load-'));
  manifest = writeSyntheticSweep(folder, { examples: 20, failed: [5], missing: [7] });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('loadResults', () => {
  it('reads every trial with its events and predictions', () => {
    const results = loadResults(folder);
    expect(results.warnings).toEqual([]);
    expect(results.trials.map(({ state }) => state).filter((state) => state === 'finished')).toHaveLength(22);
    expect(results.trials[5]).toMatchObject({ state: 'failed', result: { error: { kind: 'error' } } });
    expect(results.trials[7]).toMatchObject({ state: 'missing', events: [], predictions: [] });
    expect(results.trials[0]!.predictions).toHaveLength(20);
    expect(results.trials[0]!.events).toHaveLength(200 + 2 * 4);
    expect(results.baselines[0]).toMatchObject({ task: 'openstax-topics', chance: 1 / 7 });
    expect(results.provenance).toMatchObject({ command: 'gmoe sweep experiments/quickstart.yaml' });
  });

  it('reports a torn last line, damaged lines and a damaged result, and goes on', () => {
    appendFileSync(join(home(0), 'attempts', 'a1', 'events.jsonl'), '{"time":1,"type":"st');
    writeFileSync(join(home(1), 'attempts', 'a1', 'predictions.jsonl'), '{"id":"q0"}\nnonsense\n');
    writeFileSync(join(home(2), 'result.json'), '{"formatVersion":9}');
    rmSync(join(home(3), 'attempts', 'a1', 'events.jsonl'));
    writeFileSync(join(folder, 'baseline.json'), '');
    const results = loadResults(folder);
    const place = (index: number) => `trials/${manifest.trials[index]!.hash.slice(0, 16)}`;
    expect(results.warnings).toEqual([
      `${place(0)}/attempts/a1/events.jsonl: the last line is cut off; left out`,
      `${place(1)}/attempts/a1/predictions.jsonl: line 1 is damaged, 2 in all; left out`,
      expect.stringMatching(new RegExp(`^${place(2)}/result.json: is damaged: formatVersion: `)),
      expect.stringMatching(/^baseline.json: is damaged/),
    ]);
    expect(results.trials[0]!.events).toHaveLength(208);
    expect(results.trials[1]!.predictions).toEqual([]);
    expect(results.trials[2]!.state).toBe('missing');
    expect(results.trials[3]).toMatchObject({ state: 'finished', events: [] });
    expect(results.baselines).toEqual([]);
  });

  it('takes the trials it finds where sweep.json is gone', () => {
    rmSync(join(folder, 'sweep.json'));
    const results = loadResults(folder);
    expect(results.trials).toHaveLength(22); // one missing, one damaged
    expect(results.warnings).toContain('sweep.json: is missing; the report covers the trials that have a result');
  });

  it('refuses a folder that holds no sweep in one line', () => {
    const empty = mkdtempSync(join(tmpdir(), 'report-empty-'));
    expect(() => loadResults(empty)).toThrow(/holds neither sweep.json nor trials/);
    expect(() => loadResults(join(empty, 'nowhere'))).toThrow(/nowhere: is no folder/);
    rmSync(empty, { recursive: true });
  });
});
