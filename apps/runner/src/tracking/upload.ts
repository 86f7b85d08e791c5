import { redact } from '@gmoe/core';
import type { SweepStore } from '@gmoe/experiment';
import { armsViewUrl, startUploader, trackingClient, type CloseReport } from '@gmoe/spool';
import { shellCommand } from '../shell-command.js';
import { spoolFolder, sweepFields } from './sweep-tracking.js';

/** How long the end of a sweep waits for a slow server; `gmoe sync` does the rest. */
const CLOSE_TIMEOUT_MS = 20_000;

export function warn(line: string): void {
  process.stderr.write(`mlflow: ${redact(line)}\n`);
}

/** Feeds MLflow from the sweep's journals while this process runs, if a server is named. Whatever ails it, trials go on. */
export function startUpload(store: SweepStore): { close(): Promise<void> } {
  const folder = spoolFolder(store);
  const later = shellCommand(['npx', 'gmoe', 'sync', store.folder]);
  const client = (() => {
    try {
      return trackingClient();
    } catch (error) {
      warn(`${(error as Error).message}; nothing is uploaded, everything is kept: ${later}`);
      return undefined;
    }
  })();
  if (!client) return { close: async () => undefined };
  let failing = false;
  const uploader = startUploader(folder, client, {}, (event) => {
    if (event.type === 'failed' && !failing) warn(`${event.message}; trials go on, everything is kept in ${folder}`);
    if (event.type === 'recovered') warn('the server is back');
    if (event.type !== 'refused') failing = event.type === 'failed';
    else warn(`${event.deadLetters} values of run ${event.run} were not taken; see its .dead.jsonl in ${folder}`);
  });
  return {
    async close() {
      const report = await uploader.close({ timeoutMs: CLOSE_TIMEOUT_MS });
      if (!report.complete) warn(`not everything is uploaded${reasonOf(report)}: ${later}`);
      const experiment = report.reports.find(({ experimentId }) => experimentId !== undefined)?.experimentId;
      if (experiment === undefined) return;
      const alone = sweepFields(store)?.standalone ?? false;
      const url = alone
        ? `${client.trackingUri}/#/experiments/${experiment}/runs`
        : armsViewUrl(client.trackingUri, experiment);
      process.stdout.write(`mlflow: ${url}\n`);
    },
  };
}

function reasonOf({ error, reports }: CloseReport): string {
  const reason = error ?? reports.find((report) => report.error !== undefined)?.error;
  return reason === undefined ? '' : ` (${reason})`;
}
