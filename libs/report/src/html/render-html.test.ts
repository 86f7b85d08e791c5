import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadResults } from '../results/load-results.js';
import type { SweepResults } from '../results/sweep-results.js';
import { armTrials, plainResults } from '../testing/results.js';
import { writeSyntheticSweep } from '../testing/synthetic-sweep.js';
import { renderHtml } from './render-html.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (!CHROMIUM) process.stderr.write('SKIPPED: the report in a real browser: no Chromium under /usr/bin\n');

let folder: string;
let results: SweepResults;
let html: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-html-'));
  writeSyntheticSweep(folder, { examples: 60, failed: [22] });
  results = loadResults(folder);
  html = renderHtml(results, { resamples: 200 });
  writeFileSync(join(folder, 'report.html'), html);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('renderHtml', () => {
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
    const page = renderHtml(
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
    expect(renderHtml(plainResults([{ arm: 'a', seed: 0 }]))).toContain('1 trial has no result');
  });
});

interface Measured {
  readonly scrollWidth: number;
  readonly charts: number;
  /** Height of the smallest text in a chart, CSS pixels. */
  readonly smallest: number;
  /** Texts that stick out of their chart. */
  readonly cut: readonly string[];
  /** Lightness of page and of chart labels, 0 to 1. */
  readonly ground: number;
  readonly label: number;
}

/** Runs in the page; a text, since the project is compiled without the DOM's types. */
const MEASURE = `(() => {
  const visible = [...document.querySelectorAll('.chart svg')].filter((svg) => svg.clientWidth > 0);
  const boxes = visible.flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].map((text) => {
      const box = text.getBoundingClientRect();
      const outside = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
      return { text: text.textContent, height: box.height, outside };
    });
  });
  const lightness = (element, property) =>
    getComputedStyle(element)[property].match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
  return {
    scrollWidth: document.documentElement.scrollWidth,
    charts: visible.length,
    smallest: Math.min(...boxes.filter(({ text }) => text !== '').map(({ height }) => height)),
    cut: boxes.filter(({ outside }) => outside > 2).map(({ text, outside }) => text + ' by ' + outside),
    ground: lightness(document.body, 'backgroundColor'),
    label: lightness(document.querySelector('.chart svg text[fill="#1c2127"]'), 'fill'),
  };
})()`;

describe.skipIf(!CHROMIUM)('in headless Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });

  afterAll(async () => {
    await browser.close();
  });

  it.each([
    [390, 'light'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('at %i px, %s: no errors, no sideways scrolling, readable charts', async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) trouble.push(request.url());
    });
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
    const seen = (await page.evaluate(MEASURE)) as Measured;
    expect(trouble).toEqual([]);
    expect(seen.scrollWidth).toBe(width);
    expect(seen.charts).toBeGreaterThanOrEqual(12);
    expect(seen.smallest).toBeGreaterThan(9);
    expect(seen.cut).toEqual([]);
    expect(Math.abs(seen.ground - seen.label)).toBeGreaterThan(0.6);
    expect(seen.ground > 0.5).toBe(colorScheme === 'light');
    await page.close();
  });
});
