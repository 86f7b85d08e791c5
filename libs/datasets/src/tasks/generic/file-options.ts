import { pathField } from '@gmoe/core';
import { z } from 'zod';
import { taskOptions } from '../../task.js';

/** Forms of a user's file. */
export const FORMATS = ['auto', 'jsonl', 'csv', 'tsv', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** How a column says which option is right. */
export const LABELS = ['text', 'letter', 'zero-based', 'one-based'] as const;
export type Labels = (typeof LABELS)[number];

const file = (what: string) =>
  pathField({ relativeTo: 'dataDir' })
    .nullable()
    .default(null)
    .describe(`${what}; relative to dataDir, or to the file that names it`);

/** Options of tasks that read a user's own files. */
export const fileTaskOptions = taskOptions.extend({
  dataDir: pathField()
    .nullable()
    .default(null)
    .describe('folder that the files are relative to; null = that of the file that names them'),
  trainFile: file(
    'file of the training examples; .gz may follow jsonl, csv and tsv; null = none, to score a test file',
  ),
  devFile: file('file of the dev split; null = a tenth of train'),
  testFile: file('file of the test split; null = dev, or another tenth of train where there is no dev file'),
  format: z.enum(FORMATS).default('auto').describe("form of the files; auto: by the name's ending"),
  delimiter: z
    .string()
    .length(1)
    .optional()
    .describe('what separates the values of CSV, e.g. ";"; default: a comma, or what a first line sep=; says'),
});
export type FileTaskOptions = z.output<typeof fileTaskOptions>;

/** Name of a column; dots lead into nested values (`question.stem`). */
export const column = z.string().min(1);

/** A prompt with `{placeholders}`, of which only the known may occur and the first must. */
export function promptTemplate(known: readonly [string, ...string[]]) {
  return z.string().superRefine((template, context) => {
    const used = [...template.matchAll(/\{(\w*)\}/g)].map(([, name]) => name!);
    const wrong = used.find((name) => !known.includes(name));
    const allowed = known.map((name) => `{${name}}`).join(', ');
    if (wrong !== undefined) {
      context.addIssue({ code: 'custom', message: `holds {${wrong}}; placeholders are ${allowed}` });
    } else if (!used.includes(known[0])) {
      context.addIssue({ code: 'custom', message: `must hold {${known[0]}}; placeholders are ${allowed}` });
    }
  });
}

/** A prompt from a template; what follows it brings its own space, so that one at the end is left out. */
export function promptFrom(template: string, values: Readonly<Record<string, string>>): string {
  return fillTemplate(template, values).replace(/ +$/, '');
}

/** A template with its placeholders filled in. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}
