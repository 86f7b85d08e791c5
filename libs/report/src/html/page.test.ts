import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadResults } from '../results/load-results.js';
import { armTrials, plainResults } from '../testing/results.js';
import { axeFindings } from '../testing/accessibility.js';
import { CHROMIUM, launchBrowser, troubleOf } from '../testing/browser.js';
import { builtProgram } from '../testing/page-program.js';
import { writeSyntheticSweep } from '../testing/synthetic-sweep.js';
import { writeWideSweep } from '../testing/wide-sweep.js';
import { renderPage } from './render-page.js';
import { renderStatic } from './render-static.js';

/** Waits for what follows a change; others may be at work on this machine. */
const soon: typeof expect.poll = (read) => expect.poll(read, { timeout: 15_000 });

if (!CHROMIUM) process.stderr.write('SKIPPED: the report in a real browser: no Chromium under /usr/bin\n');

let folder: string;
let program: string;
const seconds: Record<string, number> = {};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-page-'));
  program = builtProgram();
  writeSyntheticSweep(join(folder, 'small'), { examples: 60, failed: [22] });
  writeWideSweep(join(folder, 'wide'), { examples: 60, steps: 40 });
  const questionOf = (id: string) => ({ prompt: `Which book is ${id} from?`, options: ['a', 'b', 'c', 'd'] });
  for (const name of ['small', 'wide']) {
    const started = process.cpuUsage();
    const page = renderPage(loadResults(join(folder, name)), program, { resamples: 200, questionOf });
    const { user, system } = process.cpuUsage(started);
    seconds[name] = (user + system) / 1e6;
    writeFileSync(join(folder, `${name}.html`), page);
  }
  writeFileSync(join(folder, 'still.html'), renderStatic(loadResults(join(folder, 'small')), { resamples: 200 }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('renderPage', () => {
  it('escapes what comes from files, in words and in data', () => {
    const nasty = '</script><script>alert(1)</script>&"\'';
    const page = renderPage(
      plainResults([...armTrials(nasty, [0.5, 0.6]), ...armTrials('b', [0.5, 0.7])], { name: nasty }),
      'void 0',
    );
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;');
  });

  it('a sweep of 200 arms is made in less than 10 s of a core', () => {
    expect(seconds['wide']).toBeLessThan(10);
  });
});

interface Label {
  readonly text: string;
  readonly chart: string;
  readonly problem: string;
}

/** Runs in the page: labels of charts that stick out of their chart or lie over another. */
const LABELS = `(() => {
  const problems = [];
  let count = 0;
  for (const svg of document.querySelectorAll('.chart svg')) {
    if (svg.clientWidth === 0) continue;
    const frame = svg.getBoundingClientRect();
    const chart = svg.closest('figure').id;
    const boxes = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim() !== '').map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    count += boxes.length;
    boxes.forEach(({ text, box }, i) => {
      const out = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
      if (out > 2) problems.push({ text, chart, problem: 'cut by ' + out.toFixed(1) });
      for (const other of boxes.slice(i + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 2 && down > 4) problems.push({ text: text + ' | ' + other.text, chart, problem: 'overlap ' + across.toFixed(1) + ' x ' + down.toFixed(1) });
      }
    });
  }
  // Names beside the charts: none is cut, and no two are alike.
  for (const place of document.querySelectorAll('.arm-list label, .side a, h2, h3, td:first-child, th, .note, figcaption')) {
    if (place.clientWidth > 0 && place.scrollWidth > place.clientWidth + 1) problems.push({ text: place.textContent, chart: place.tagName, problem: 'cut' });
  }
  const names = [...document.querySelectorAll('[data-table=arms] tbody tr')].map((row) => row.textContent);
  if (new Set(names).size < names.length) problems.push({ text: '', chart: 'arms', problem: 'two rows are alike' });
  return { problems, count };
})()`;

describe.skipIf(!CHROMIUM)('the page in headless Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
  });

  async function open(name: string, width: number, colorScheme: 'light' | 'dark' = 'light') {
    const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme });
    const trouble = troubleOf(page);
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    return { page, trouble };
  }

  /** Draws everything, as paper does. */
  async function drawAll(page: Page): Promise<void> {
    const made = () =>
      page.evaluate('[...document.querySelectorAll("[data-view]")].every((view) => view.childElementCount > 0)');
    await soon(made).toBe(true);
    const height = () => page.evaluate('document.documentElement.scrollHeight') as Promise<number>;
    for (let y = 0; y < 1.3 * (await height()); y += 1500) {
      await page.evaluate(
        `new Promise((done) => { scrollTo(0, ${y}); requestAnimationFrame(() => requestAnimationFrame(done)); })`,
      );
    }
  }

  it.each([
    ['small', 1400, 'dark'],
    ['wide', 390, 'light'],
    ['wide', 2560, 'dark'],
  ] as const)(
    '%s at %i px, %s: no label is cut or lies over another; nothing scrolls sideways',
    async (name, width, scheme) => {
      const { page, trouble } = await open(name, width, scheme);
      await drawAll(page);
      const { problems, count } = (await page.evaluate(LABELS)) as { problems: Label[]; count: number };
      expect(problems).toEqual([]);
      expect(count).toBeGreaterThan(100);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      if (name === 'small') expect(await axeFindings(page)).toEqual([]);
      expect(trouble).toEqual([]);
      await page.close();
    },
    90_000,
  );

  it('a page of 200 arms opens in less than 2 s of a core: it draws what is in sight, the rest when it is idle or comes into sight', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    const session = await page.context().newCDPSession(page);
    // Time on the processor: others may be at work on this machine.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(pathToFileURL(join(folder, 'wide.html')).href);
    await page.waitForSelector('#arms-0 svg');
    const { metrics } = await session.send('Performance.getMetrics');
    expect(metrics.find(({ name }) => name === 'TaskDuration')!.value).toBeLessThan(2);
    expect(await page.locator('main .chart svg').count()).toBe(1);
    await page.waitForSelector('#examples .questions li', { state: 'attached' });
    await page.waitForSelector('table.long', { state: 'detached' });
    await page.close();
  });

  it('tables are sorted and filtered; arms are switched off in the charts; hovering tells values', async () => {
    const { page, trouble } = await open('wide', 1400);
    const column = (n: number) =>
      page.evaluate(
        `[...document.querySelectorAll('[data-table=arms] tbody tr:not(.base):not([hidden])')].map((row) => row.cells[${n}].textContent)`,
      ) as Promise<string[]>;
    const accuracy = page.locator('[data-table=arms] th', { hasText: 'Accuracy' }).locator('button');
    await accuracy.click();
    const falling = (await column(2)).map(Number);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    await accuracy.click();
    expect((await column(2)).map(Number)).toEqual([...falling].reverse());

    const filter = page.getByRole('searchbox', { name: 'Filter the table Arms' });
    await filter.fill('accuracy>80 spelling');
    const kept = await column(2);
    expect(kept.length).toBeGreaterThan(3);
    expect(kept.length).toBeLessThan(100);
    expect(kept.every((text) => Number(text) > 80)).toBe(true);
    expect((await column(0)).every((text) => text.includes('spelling'))).toBe(true);
    await page.locator('#arms .table-filter button').click();
    // Asked from here: what waits inside the page evaluates text there, which its policy forbids.
    const count = () => page.locator('.side .count').textContent();
    await soon(count).toMatch(new RegExp(`^${kept.length} of 200`));

    // Only those are in the chart now; one more goes off by its switch.
    const rows = (id: string) =>
      page.evaluate(`document.querySelector('#${id} svg').getAttribute('aria-label')`) as Promise<string>;
    await page.locator('#explorer-0 svg, #arms-0 svg').first().waitFor();
    await soon(() => rows('arms-0')).toContain(`of ${Math.min(30, kept.length)} arms`);
    await page.locator('.arm-list input:checked').first().uncheck();
    await soon(count).toMatch(new RegExp(`^${kept.length - 1} of 200`));

    await page.locator('#axes').scrollIntoViewIfNeeded();
    const chart = page.locator('#explorer-0 .chart');
    await chart.scrollIntoViewIfNeeded();
    const dot = chart
      .locator('svg path[fill^="#"]')
      .filter({ hasNot: page.locator('text') })
      .last();
    await dot.hover({ force: true });
    await soon(() => chart.locator('.tip').textContent()).toMatch(/learningRate=.*Accuracy \d/s);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it('curves of any metric, smoothed and laid over; questions that two arms answer differently', async () => {
    const { page, trouble } = await open('small', 1400);
    // Views above that are drawn meanwhile move it out of sight again.
    await soon(async () => {
      await page.locator('#training').scrollIntoViewIfNeeded();
      return page.locator('#curves svg').count();
    }).toBeGreaterThan(0);
    await page.waitForSelector('#curves svg');
    await page.getByLabel('Metric').last().selectOption('train/learning_rate');
    await soon(() => page.locator('#curves h3').textContent()).toBe('train/learning_rate');
    await page.getByLabel('Metric').last().selectOption('train/lm_loss');
    await page.getByLabel('over it').selectOption('eval/loss');
    await page.getByLabel('Smoothing').fill('0.5');
    await soon(() => page.locator('#curves figcaption').textContent()).toMatch(/weight 0\.50.*\./);
    expect(await page.locator('#curves h3').textContent()).toBe('train/lm_loss and eval/loss');
    await page.locator('#curves svg').hover({ force: true });
    await soon(() => page.locator('#curves .tip').textContent()).toMatch(/^step \d+.*linear · none[\d.]+/s);

    await page.locator('#examples').scrollIntoViewIfNeeded();
    const status = page.locator('#examples [role=status]');
    const [, found, only1, only2] =
      /^(\d+) of 60 questions; only the first is right on (\d+), only the second on (\d+)/.exec(
        (await status.textContent())!,
      )!;
    expect(Number(found)).toBeGreaterThanOrEqual(Number(only1) + Number(only2));
    await page.getByLabel('Questions', { exact: true }).selectOption('first');
    expect(await status.textContent()).toMatch(new RegExp(`^${only1} of 60`));
    const card = page.locator('.questions > li').first();
    expect(await card.textContent()).toMatch(/Which book is q\d+ from\?.*First: right.*Second: wrong.*\d+ %/s);

    await page.locator('#experts').scrollIntoViewIfNeeded();
    await page.getByLabel('Layer', { exact: true }).selectOption('2');
    await page.getByLabel('Step', { exact: true }).fill('0');
    await soon(() => page.locator('#routing-load h3').textContent()).toBe(
      'Expert load at step 50, linear · none, seed 0',
    );
    await soon(() => page.locator('#routing-time h3').textContent()).toContain('layer 2');
    expect(trouble).toEqual([]);
    await page.close();
  });

  it('on paper everything is there: folded parts open, charts drawn at its width, no chart higher than a sheet', async () => {
    const { page } = await open('small', 1400);
    await page.emulateMedia({ media: 'print' });
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
    expect(await page.evaluate('[...document.querySelectorAll("details")].every((details) => details.open)')).toBe(
      true,
    );
    const heights = (await page.evaluate(
      '[...document.querySelectorAll("figure.live:not([hidden])")].map((figure) => [figure.id, figure.querySelector("svg")?.clientHeight ?? 0])',
    )) as [string, number][];
    expect(heights.length).toBeGreaterThanOrEqual(10);
    for (const [id, height] of heights) expect([id, height > 0 && height < 1000]).toEqual([id, true]);
    // A sheet is 703 pixels wide at this margin: nothing reaches beyond it.
    await page.setViewportSize({ width: 703, height: 1000 });
    const sweepFile = page.locator('details:has(summary:text("Sweep file")) pre');
    await sweepFile.evaluate((pre) => pre.append(`# ${'a long line of a comment '.repeat(10)}`));
    expect(await sweepFile.evaluate((pre) => pre.scrollWidth - pre.clientWidth)).toBe(0);
    expect(
      await page.evaluate(
        '[...document.querySelectorAll("main table, main svg, main p")].filter((part) => part.getBoundingClientRect().right > innerWidth + 1).map((part) => part.outerHTML.slice(0, 80))',
      ),
    ).toEqual([]);
    await page.close();
  });

  it.each([
    [390, 'light'],
    [1280, 'dark'],
  ] as const)(
    'the still page at %i px, %s: no label is cut or lies over another',
    async (width, scheme) => {
      const { page, trouble } = await open('still', width, scheme);
      const { problems, count } = (await page.evaluate(LABELS)) as { problems: Label[]; count: number };
      expect(problems).toEqual([]);
      expect(count).toBeGreaterThan(100);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const lightness = (await page.evaluate(
        `[document.body, document.querySelector('.chart svg text[fill="#1c2127"]')].map((element, i) => getComputedStyle(element)[i ? 'fill' : 'backgroundColor'].match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765)`,
      )) as [number, number];
      expect(Math.abs(lightness[0] - lightness[1])).toBeGreaterThan(0.6);
      expect(lightness[0] > 0.5).toBe(scheme === 'light');
      if (scheme === 'dark') expect(await axeFindings(page)).toEqual([]);
      expect(trouble).toEqual([]);
      await page.close();
    },
    90_000,
  );
});
