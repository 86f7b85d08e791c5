import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedTrial, SweepStore } from '@gmoe/experiment';
import { makeSubfolder } from '@gmoe/core';
import {
  armLayout,
  recordLayout,
  sweepLayout,
  trialLayout,
  type EndStatus,
  type RunRecorder,
  type Spool,
  type SweepFields,
} from '@gmoe/spool';
import { spoolFolder, sweepFields, sweepSpool } from './sweep-tracking.js';
import { startUpload, warn } from './upload.js';

/** What a sweep leaves besides its trials, for its parent run. */
export interface SweepFiles {
  /** The sweep's own YAML file. */
  readonly spec: string;
}

export interface SweepTracking {
  /**
   * @param interrupted whether the user ended the sweep before its end
   * @param changed whether results have come or gone since the last time; else arms and charts are recorded already
   */
  close(interrupted: boolean, changed?: boolean): Promise<void>;
}

/** Records the sweep's parent run and arm summaries, and feeds MLflow while the sweep runs if a server is named. */
export function trackSweep(store: SweepStore, files: SweepFiles): SweepTracking {
  const fields = sweepFields(store);
  const spool = fields && sweepSpool(store, warn);
  const parent = fields && spool && recordLayout(spool, sweepLayout(fields, store.manifest().trials.length));
  parent?.artifact('sweep.yaml', files.spec, { copy: true });
  const upload = startUpload(store);
  return {
    async close(interrupted, changed = true) {
      if (fields && spool && parent) {
        recordDeaths(store, fields, spool);
        const recorded = !changed && existsSync(join(spoolFolder(store), 'report', 'arms.csv'));
        if (!recorded) {
          recordArms(store, fields, spool);
          await recordFiles(store, parent);
        }
        recordEnd(store, parent, interrupted);
      }
      await upload.close();
    },
  };
}

function recordEnd(store: SweepStore, parent: RunRecorder, interrupted: boolean): void {
  const { trials } = store.manifest();
  const statuses = trials.map(({ hash }) => store.readableResult(hash)?.status);
  const failed = statuses.filter((status) => status === 'failed').length;
  parent.metrics(parent.lastStep('sweep/finished') + 1, {
    'sweep/trials': trials.length,
    'sweep/finished': statuses.filter((status) => status === 'finished').length,
    'sweep/failed': failed,
  });
  parent.end(endOf(interrupted, failed));
}

/** Arms that early stopping ended are no failure. */
function endOf(interrupted: boolean, failed: number): EndStatus {
  if (interrupted) return 'KILLED';
  return failed > 0 ? 'FAILED' : 'FINISHED';
}

/** Trials that failed without a word (their process was killed for its memory or time) are said to have failed. */
function recordDeaths(store: SweepStore, fields: SweepFields, spool: Spool): void {
  for (const trial of store.manifest().trials) {
    const result = store.readableResult(trial.hash);
    if (result?.status !== 'failed') continue;
    const { arm, seed, hash, group } = trial;
    const config = store.config(hash) as never;
    const { run } = trialLayout(fields, { arm, seed, hash, group, config, command: '' });
    if (!existsSync(join(spool.directory, `${run.id}.spool.jsonl`))) continue;
    const recorder = spool.run(run);
    if (recorder.earlierEnd === 'FAILED') {
      recorder.close();
      continue;
    }
    recorder.tags({ error: result.error?.message ?? 'unknown reason' });
    recorder.end('FAILED');
  }
}

/** Mean and std over the seeds of each arm, as runs of their own. */
function recordArms(store: SweepStore, fields: SweepFields, spool: Spool): void {
  const groups = new Map<string, PlannedTrial[]>();
  for (const trial of store.manifest().trials) groups.set(trial.group, [...(groups.get(trial.group) ?? []), trial]);
  for (const [group, trials] of groups) {
    const seeds = trials.flatMap(({ hash, seed }) => {
      const result = store.readableResult(hash);
      return result?.status === 'finished' ? [{ seed, metrics: result.metrics }] : [];
    });
    if (seeds.length === 0) continue;
    const { arm, hash } = trials[0]!;
    const config = Object.fromEntries(Object.entries(store.config(hash)).filter(([key]) => key !== 'seed'));
    recordLayout(spool, armLayout(fields, { arm, group, config: config as never, seeds })).end('FINISHED');
  }
}

/** The report, its table of arms and its charts, and where the sweep comes from. */
async function recordFiles(store: SweepStore, parent: RunRecorder): Promise<void> {
  for (const name of ['provenance.json', 'report.html']) {
    const file = join(store.folder, name);
    if (existsSync(file)) parent.artifact(name, file);
  }
  if (!existsSync(join(store.folder, 'report.html'))) return;
  // Loaded here, so that nothing else waits for the charting library.
  const { loadResults, renderReport, reportCharts, summarise, wideSvg } = await import('@gmoe/report');
  const results = loadResults(store.folder);
  const folder = join(spoolFolder(store), 'report');
  try {
    makeSubfolder(folder);
    const put = (name: string, text: string): void => {
      const file = join(folder, name);
      writeFileSync(file, text);
      parent.artifact(name === 'arms.csv' ? name : `charts/${name}`, file);
    };
    put('arms.csv', renderReport(results, 'csv'));
    for (const figure of reportCharts(results, summarise(results)))
      put(`${figure.id}.svg`, standalone(wideSvg(figure)));
  } catch (error) {
    warn(`the charts are not recorded: ${(error as Error).message}`);
  }
}

/** An SVG drawn for a page, as a file of its own. */
function standalone(svg: string): string {
  const named = /^<svg [^>]*xmlns=/.test(svg) ? svg : svg.replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" ');
  return named.replace(/>/, '><rect width="100%" height="100%" fill="#fffffe"/>');
}
