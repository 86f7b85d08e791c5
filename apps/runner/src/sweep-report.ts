import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoName, readRegularJson, writeWhole } from '@gmoe/core';
import type { SweepStore } from '@gmoe/experiment';
import { z } from 'zod';
import { pageOptions, terminalText } from './write-report.js';

/** A report of text beyond this is none, bytes. */
const MOST_BYTES = 1 << 26;
const keptSchema = z.strictObject({ of: z.string(), text: z.string() });

/**
 * Prints a sweep's comparison and writes `report.html`. Where no result has come or gone since the last time, what was written then
 * still holds: the statistics of thousands of trials take minutes.
 *
 * @returns whether anything had changed
 */
export async function writeSweepReport(
  store: SweepStore,
  remarks: readonly string[],
  out: NodeJS.WriteStream,
): Promise<boolean> {
  const style = terminalText(out);
  const html = join(store.folder, 'report.html');
  const kept = join(store.folder, '.report.json');
  const of = fingerprint(store, { style, remarks });
  const before = readKept(kept);
  const changed = before?.of !== of || !existsSync(html);
  let text = before?.text ?? '';
  if (changed) {
    // Loaded here, so that nothing else waits for the charting library.
    const { loadResults, renderReport } = await import('@gmoe/report');
    const results = { ...loadResults(store.folder), remarks };
    text = renderReport(results, 'text', {}, style);
    out.write(`\n${text}\n`);
    writeWhole(html, renderReport(results, 'html', await pageOptions(results)));
    writeWhole(kept, JSON.stringify({ of, text }), { durably: false });
  } else out.write(`\n${text}\n`);
  out.write(`report: ${html}\n`);
  return changed;
}

/** Changes with everything that a report is made from. */
function fingerprint(store: SweepStore, besides: object): string {
  const hash = createHash('sha256');
  const add = (what: string): void => void hash.update(`${what}\n`);
  add(JSON.stringify([besides, store.manifest().trials]));
  // The program itself: another version may say it differently.
  add(versionOf(process.argv[1] ?? ''));
  for (const trial of store.manifest().trials) add(versionOf(join(store.trialFolder(trial.hash), 'result.json')));
  for (const name of ['baselines', 'stops']) {
    const folder = join(store.folder, name);
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).sort()) add(`${name}/${file} ${versionOf(join(folder, file))}`);
  }
  return hash.digest('hex');
}

function versionOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino}/${size}/${mtimeMs}`;
  } catch (error) {
    return errnoName(error) ?? 'none';
  }
}

function readKept(file: string): z.output<typeof keptSchema> | undefined {
  try {
    return keptSchema.parse(readRegularJson(file, MOST_BYTES));
  } catch {
    return undefined;
  }
}
