import { join } from 'node:path';
import { parseOptions, UserError } from '@gmoe/core';
import type { ReportFormat, SummariseOptions } from '@gmoe/report';
import type { Command } from 'commander';
import { z } from 'zod';
import { usePresentPlugins } from '../plugins.js';
import { pageOptions, reportResults, terminalText, writeReport, writeText } from '../write-report.js';

const REPORT_FORMATS = ['text', 'html', 'md', 'csv', 'latex', 'json'] as const satisfies readonly ReportFormat[];

const optionsSchema = z.object({
  format: z.enum(REPORT_FORMATS).optional(),
  static: z.boolean().default(false),
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
    .option('--static', 'the page as a still one for mail, without scripts: report-static.html, or --out')
    .option('--out <file>', 'file to write instead of the screen')
    .option('--metric <name>', 'metric to compare (default: accuracy)')
    .option('--reference <arm>', 'arm that the others are compared with (default: the first)')
    .action(runReport);
}

async function runReport(dir: string, raw: object): Promise<void> {
  const { format, out, metric, reference, static: still } = parseOptions(optionsSchema, raw, '--');
  const options: SummariseOptions = { ...(metric ? { metric } : {}), ...(reference ? { reference } : {}) };
  await usePresentPlugins(dir);
  if (!format && !out && !still) return writeReport(dir, options);
  const { renderReport, renderStatic } = await import('@gmoe/report');
  const results = await reportResults(dir);
  if (still) {
    if (format !== undefined && format !== 'html')
      throw new UserError(`--static: is a form of html (got --format ${format})`);
    const path = out ?? join(dir, 'report-static.html');
    writeText(path, renderStatic(results, options));
    process.stdout.write(`report: ${path}\n`);
    return;
  }
  const page = format === 'html' ? await pageOptions(results, options) : options;
  const rendered = renderReport(results, format ?? 'text', page, out ? {} : terminalText(process.stdout));
  if (out) writeText(out, rendered);
  else process.stdout.write(rendered);
}
