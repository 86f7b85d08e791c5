import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadResults } from '../results/load-results.js';
import type { SweepResults } from '../results/sweep-results.js';
import { armTrials, plainResults } from '../testing/results.js';
import { writeSyntheticSweep } from '../testing/synthetic-sweep.js';
import { renderStatic } from './render-static.js';

let folder: string;
let results: SweepResults;
let html: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-html-'));
  writeSyntheticSweep(folder, { examples: 60, failed: [22] });
  results = loadResults(folder);
  html = renderStatic(results, { resamples: 200 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('renderStatic', () => {
  it('is one file: no script, nothing fetched', () => {
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)/i);
    const links = html.match(/(?:href|src)="[^"]*"/g) ?? [];
    expect(links.filter((link) => !link.includes('"#'))).toEqual([]);
  });

  it('has every part', () => {
    for (const title of [
      'Accuracy per arm',
      'Against linear · none',
      'Importance of axes',
      'Training loss',
      'What the experts do',
      'Expert load',
      'Load entropy in training',
      'λ in training',
      'Expert load in training, linear · none',
      'Experts by domain',
      'Layer by layer',
      'Specialisation',
      'Co-selection',
      'Collaboration graph',
      'Calibration',
      'Failures',
      'How to reproduce',
      'Definitions',
    ]) {
      expect(html).toContain(title);
    }
    expect(html).toContain('train/loss is not finite');
    expect(html).toContain('3f1c2ab7d9e04c55a1b2c3d4e5f60718293a4b5c');
  });

  it('escapes what comes from files', () => {
    const nasty = '<script>alert(1)</script>&"\'';
    const page = renderStatic(
      plainResults([...armTrials(nasty, [0.5, 0.6]), ...armTrials('b', [0.5, 0.7])], {
        name: nasty,
        description: nasty,
      }),
    );
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&amp;');
  });

  it('ids are unique', () => {
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('a sweep without any result still makes a page', () => {
    expect(renderStatic(plainResults([{ arm: 'a', seed: 0 }]))).toContain('1 trial has no result');
  });
});
