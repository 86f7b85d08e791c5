import type { PlannedTrial, SweepStore } from '@gmoe/experiment';
import { armLayout, recordLayout, startUploader, sweepLayout, trackingClient } from '@gmoe/spool';
import { spoolFolder, sweepFields, sweepSpool } from './sweep-tracking.js';

/** How long the end of a sweep waits for a slow server; `gmoe sync` does the rest. */
const CLOSE_TIMEOUT_MS = 20_000;

/** Records the sweep's parent run and arm summaries, and feeds MLflow while the sweep runs if a server is named. */
export function trackSweep(store: SweepStore): { close(): Promise<void> } {
  const warn = (line: string) => process.stderr.write(`mlflow: ${line}\n`);
  const fields = sweepFields(store)!;
  const spool = sweepSpool(store, warn);
  const parent = recordLayout(spool, sweepLayout(fields, store.manifest().trials.length));
  const client = trackingClient();
  let told = false;
  const uploader = client
    ? startUploader(spoolFolder(store), client, {}, (event) => {
        if (event.type === 'failed' && !told) {
          told = true;
          warn(`${event.message}; trials go on, everything is kept in ${spoolFolder(store)}`);
        }
        if (event.type === 'refused') warn(`the server refused values of run ${event.run}; see its dead letters`);
      })
    : undefined;
  return {
    async close() {
      recordArms(store, fields, warn);
      const { trials } = store.manifest();
      const results = trials.map(({ hash }) => store.result(hash));
      const finished = results.filter((result) => result?.status === 'finished').length;
      parent.metrics(finished, {
        'sweep/finished': finished,
        'sweep/failed': results.filter((result) => result?.status === 'failed').length,
      });
      parent.artifact('report.html', `${store.folder}/report.html`);
      parent.end(finished === trials.length ? 'FINISHED' : 'FAILED');
      if (!uploader) return;
      const { complete, error } = await uploader.close({ timeoutMs: CLOSE_TIMEOUT_MS });
      if (!complete) warn(`not everything is uploaded${error ? ` (${error})` : ''}: run npx gmoe sync ${store.folder}`);
    },
  };
}

/** Mean and std over the seeds of each arm, as runs of their own. */
function recordArms(
  store: SweepStore,
  fields: NonNullable<ReturnType<typeof sweepFields>>,
  warn: (line: string) => void,
): void {
  const groups = new Map<string, PlannedTrial[]>();
  for (const trial of store.manifest().trials) groups.set(trial.group, [...(groups.get(trial.group) ?? []), trial]);
  for (const [group, trials] of groups) {
    const seeds = trials.flatMap(({ hash, seed }) => {
      const result = store.result(hash);
      return result?.status === 'finished' ? [{ seed, metrics: result.metrics }] : [];
    });
    if (seeds.length === 0) continue;
    const { arm, hash } = trials[0]!;
    const config = Object.fromEntries(Object.entries(store.config(hash)).filter(([key]) => key !== 'seed'));
    recordLayout(sweepSpool(store, warn), armLayout(fields, { arm, group, config: config as never, seeds })).end(
      'FINISHED',
    );
  }
}
