import { SweepStore } from '@gmoe/experiment';
import { changeLines, changesOf } from '../code.js';
import { usePresentPlugins } from '../plugins.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, parseOptions, UserError } from '@gmoe/core';
import type { ReportFormat, SummariseOptions } from '@gmoe/report';
import type { Command } from 'commander';
import { z } from 'zod';

const REPORT_FORMATS = ['text', 'html', 'md', 'csv', 'latex', 'json'] as const satisfies readonly ReportFormat[];

const optionsSchema = z.object({
  format: z.enum(REPORT_FORMATS).optional(),
  out: z.string().optional(),
  metric: z.string().optional(),
  reference: z.string().optional(),
});

export function addReport(program: Command): void {
  program
    .command('report')
    .description("print a sweep's comparison and write report.html; or one format to the screen or a file")
    .argument('<dir>', 'folder of the sweep')
    .option('--format <name>', REPORT_FORMATS.join(' | '))
    .option('--out <file>', 'file to write instead of the screen')
    .option('--metric <name>', 'metric to compare (default: accuracy)')
    .option('--reference <arm>', 'arm that the others are compared with (default: the first)')
    .action(async (dir: string, raw: object) => {
      const { loadResults, renderReport } = await import('@gmoe/report');
      const { format, out, metric, reference } = parseOptions(optionsSchema, raw, '--');
      const options: SummariseOptions = { ...(metric ? { metric } : {}), ...(reference ? { reference } : {}) };
      const results = { ...loadResults(dir), remarks: await remarks(dir) };
      const width = process.stdout.columns;
      const text = { color: process.stdout.isTTY && !process.env['NO_COLOR'], ...(width ? { width } : {}) };
      const rendered = renderReport(results, format ?? 'text', options, out ? {} : text);
      if (out) write(out, rendered);
      else process.stdout.write(rendered);
      if (format || out) return;
      const path = join(dir, 'report.html');
      write(path, renderReport(results, 'html', options));
      process.stdout.write(`report: ${path}\n`);
    });
}

/** Finished trials whose code is no longer the present one. */
async function remarks(dir: string): Promise<string[]> {
  await usePresentPlugins(dir);
  return changeLines(changesOf(SweepStore.open(dir)));
}

/** @throws UserError if the file cannot be written: a store may be read-only to whoever reads its report */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError(`${path}: cannot be written; name another file with --out: ${messageOf(error)}`);
  }
}
