import { join } from 'node:path';
import { SweepStore } from '@gmoe/experiment';
import { CHROMIUM, launchBrowser } from '@gmoe/report/testing';
import { findMlflow, skipLoudly, startRealMlflow } from 'mlflow-js-client/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder } = setUpGmoe();
const executable = findMlflow();
if (!executable) skipLoudly('a sweep in the pages of MLflow');
if (!CHROMIUM) process.stderr.write('SKIPPED: a sweep in the pages of MLflow: no Chromium under /usr/bin\n');

const SETS = [
  ...['steps=1', 'evalEvery=1', 'routingEvery=1', 'batchSize=4'].map((set) => `--set=trial.training.${set}`),
  ...['trainLimit=10', 'devLimit=6', 'testLimit=6'].map((set) => `--set=trial.task.${set}`),
  '--set=trial.schedule.warmupSteps=0',
  '--set=grid.coordination={"none":[]}',
  '--set=seeds=[7]',
  '--set=name=in-the-pages',
];

describe.skipIf(!executable || !CHROMIUM)('a sweep in the pages of MLflow', () => {
  it('the printed link shows the means of the arms; grouped by arm; a trial and its table of predictions', async () => {
    const out = join(folder(), 'pages');
    const [server, browser] = await Promise.all([startRealMlflow(executable!), launchBrowser()]);
    onTestFinished(async () => {
      await browser.close();
      await server.stop();
    });
    const env = { MLFLOW_TRACKING_URI: server.url };
    const swept = await gmoe(['sweep', 'experiments/quickstart.yaml', '--out', out, ...SETS], env);
    expect([swept.code, swept.stderr]).toEqual([0, '']);
    const link = /^mlflow: (\S+)$/m.exec(swept.stdout)![1]!;

    // No step types a filter.
    const page = await browser.newPage({ viewport: { width: 1900, height: 900 } });
    page.setDefaultTimeout(60_000);
    await page.goto(link);
    const arms = page.getByRole('link', { name: '(mean over seeds)' });
    await arms.first().waitFor();
    expect((await arms.allTextContents()).sort()).toEqual([
      'graph · none (mean over seeds)',
      'linear · none (mean over seeds)',
    ]);
    // The arms come first, the best above, with their means in sight.
    const cells = page.locator('[role=gridcell][col-id="metrics.`mean/eval/accuracy`"]');
    const measured = SweepStore.open(out)
      .manifest()
      .trials.map(({ hash }) => SweepStore.open(out).result(hash)!.metrics['eval/accuracy']!)
      .sort((a, b) => b - a);
    await expect
      .poll(() => cells.allTextContents().then((texts) => texts.map(Number).filter(Number.isFinite)))
      .toEqual(measured);
    await expect(cells.first().isVisible()).resolves.toBe(true);

    await page.getByRole('button', { name: 'Group by' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'arm', exact: true }).click();
    await page.keyboard.press('Escape');
    // A summary and a trial each, and the sweep by itself.
    await page
      .getByRole('link', { name: /, seed 7$/ })
      .first()
      .waitFor();
    const groups = page.getByText(/^Group: /);
    await expect
      .poll(() => groups.allTextContents().then((texts) => texts.sort()))
      .toEqual(['Group: all arms', 'Group: graph · none', 'Group: linear · none']);

    await page.getByRole('link', { name: 'graph · none, seed 7' }).click();
    await page.getByRole('tab', { name: 'Artifacts' }).click();
    await page.getByText('predictions.json', { exact: true }).click();
    for (const column of ['correct', 'gold']) await page.getByText(column, { exact: true }).first().waitFor();

    await page.getByText('images', { exact: true }).click();
    await page
      .getByText(/^routing~load\+step\+1\+.*\.png$/)
      .first()
      .click();
    const picture = page.locator('img[src^="blob:"]');
    await picture.first().waitFor();
    const box = await picture.first().boundingBox();
    expect(box!.width).toBeGreaterThan(100);
  }, 240_000);
});
