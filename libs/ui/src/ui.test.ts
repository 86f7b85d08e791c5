import { spawn, type ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { planStatus, type SweepStore } from '@gmoe/experiment';
import { bundle, fakeLauncher, fakeStore, temporaryFolder } from '@gmoe/experiment/testing';
import { axeFindings, CHROMIUM, builtProgram, launchBrowser, troubleOf } from '@gmoe/report/testing';
import { serveUi, type UiServer } from './index.js';

if (!CHROMIUM) process.stderr.write('SKIPPED: gmoe ui in a real browser: no Chromium under /usr/bin\n');

const STEP_MS = 60;

const serve = (folder: string): Promise<UiServer> =>
  serveUi({
    folder,
    program: builtProgram('libs/ui/src/page/main.ts'),
    startWorker: (sweep) => {
      started.push(spawn(process.execPath, [worker, sweep, '0'], { stdio: 'ignore' }));
    },
    renderReport: () => Promise.resolve('<p>report</p>'),
  });

let store: SweepStore;
let worker: string;
let server: UiServer;
/** Workers that the page started. */
const started: ChildProcess[] = [];

beforeAll(async () => {
  store = fakeStore({ name: 'night', trial: { steps: 400 }, grid: { quality: [0.2, 0.4] }, seeds: [0] });
  worker = await bundle('fake-worker');
  server = await serve(store.folder);
});

afterAll(async () => {
  await server.close();
  await Promise.all(
    started.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      return ended;
    }),
  );
});

const status = (url: URL | string, headers: Record<string, string> = {}) =>
  new Promise<number>((resolve, reject) => {
    get(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    }).on('error', reject);
  });

describe('serveUi', () => {
  it('listens on loopback, and answers only who has the token, by an address of this machine', async () => {
    const url = new URL(server.url);
    expect(url.hostname).toBe('127.0.0.1');
    expect(await status(url)).toBe(200);
    expect(await status(`${url.origin}/`)).toBe(403);
    expect(await status(`${url.origin}/?token=${'x'.repeat(32)}`)).toBe(403);
    expect(await status(url, { host: 'evil.example' })).toBe(403);
    const query = `token=${url.searchParams.get('token')!}`;
    expect(await status(`${url.origin}/api/sweep?sweep=..&${query}`)).toBe(404);
    expect(await status(`${url.origin}/api/log?sweep=.&trial=../../etc&${query}`)).toBe(404);
    const changed = await fetch(`${url.origin}/api/rerun?sweep=.&${query}`, { method: 'POST' });
    expect([changed.status, await changed.json()]).toEqual([403, { error: 'the token must be a header here' }]);
  });
});

describe.skipIf(!CHROMIUM)('the page over a running sweep', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it('a curve grows; a trial is stopped with a checkpoint, and run again to its end', async () => {
    const running = await fakeLauncher(worker, { stepMs: STEP_MS }).submit({ store });
    onTestFinished(() => running.cancel('kill'));
    const page: Page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    const trouble = troubleOf(page, new URL(server.url).origin);
    await page.goto(server.url);
    await page.waitForSelector('#curves svg');
    const stepOf = async () => {
      const texts = await page.locator('tbody tr td:nth-child(5)').allTextContents();
      return texts.map((text) => Number.parseInt(text, 10)).filter(Number.isFinite);
    };
    const last = () => page.locator('#curves svg').getAttribute('aria-label');
    const before = Number(/over (\d+) steps/.exec((await last())!)![1]);
    await expect
      .poll(async () => Number(/over (\d+) steps/.exec((await last())!)![1]), { timeout: 15_000 })
      .toBeGreaterThan(before + 10);
    expect((await stepOf()).length).toBeGreaterThan(0);

    const [first] = store.manifest().trials;
    const row = page.locator(`[data-trial="${first!.hash.slice(0, 16)}"]`);
    await row.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => row.locator('.state').textContent(), { timeout: 15_000 }).toMatch(/^open/);
    expect(store.isPublished(first!.hash)).toBe(false);

    await row.getByRole('button', { name: 'Log' }).click();
    await page.waitForSelector('.log:not(:empty)');
    await row.getByRole('button', { name: 'Rerun' }).click();
    await expect.poll(() => row.locator('.state').textContent(), { timeout: 20_000 }).toBe('finished');
    expect(await axeFindings(page)).toEqual([]);
    await running.cancel('checkpoint');
    expect(planStatus(store).trials[0]!.state).toBe('finished');
    expect(store.attempts(first!.hash).length).toBe(2);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it('lays two sweeps over each other: accuracy by arm, and the curves of arms that are ticked', async () => {
    const folder = temporaryFolder();
    const sweepOf = async (name: string, quality: readonly number[], steps: number): Promise<void> => {
      const own = fakeStore({ name, trial: { steps }, grid: { quality }, seeds: 2 }, join(folder, name));
      await (
        await fakeLauncher(worker).submit({ store: own })
      ).done;
    };
    await Promise.all([sweepOf('before', [0.2, 0.4], 20), sweepOf('after', [0.4, 0.6], 30)]);
    const ui = await serve(folder);
    onTestFinished(() => ui.close());
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    const trouble = troubleOf(page, new URL(ui.url).origin);
    await page.goto(`${ui.url}#before`);
    await page.locator('h2', { hasText: 'before' }).waitFor();
    await page.getByRole('combobox', { name: 'Sweep' }).selectOption('after');
    const figure = page.locator('#compared-curves');
    await figure.locator('svg').waitFor();
    await figure.scrollIntoViewIfNeeded();
    const heads = await page.locator('#compared th').allTextContents();
    expect(heads).toEqual(['Curve', 'Arm', 'before', 'after', 'Difference (points)']);
    const arms = () => page.locator('#compared tbody tr td:nth-child(2)').allTextContents();
    expect(await arms()).toEqual(['quality=0.4', 'quality=0.2', 'quality=0.6']);
    await page.getByRole('combobox', { name: 'Metric' }).last().selectOption('eval/accuracy');
    // Steps of the longer sweep; the arm that both have, the second sweep's dashed.
    await expect.poll(() => figure.locator('svg').getAttribute('aria-label')).toContain('eval/accuracy over 30 steps');
    const dashed = () => figure.locator('svg path[stroke-dasharray="5,4"]').count();
    const solid = () => figure.locator('svg path[stroke-width="2"][fill="none"]').count();
    expect([await solid(), await dashed()]).toEqual([1, 1]);
    for (const [name, lines] of [
      ['quality=0.2', [1, 0]],
      ['quality=0.4', [2, 1]],
      ['quality=0.6', [2, 2]],
    ] as const) {
      await page.getByRole('checkbox', { name: `Curves of ${name} in both sweeps` }).check();
      await expect.poll(async () => [await solid(), await dashed()]).toEqual(lines);
    }
    expect(await figure.locator('figcaption').textContent()).toBe(
      'Lines: mean over seeds. Dashed: after. Solid: before.',
    );
    expect(await axeFindings(page)).toEqual([]);
    expect(trouble).toEqual([]);
    await page.close();
  });
});
