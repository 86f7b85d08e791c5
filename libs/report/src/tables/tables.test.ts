import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../render-report.js';
import { summarise } from '../summary/index.js';
import { armTrials, plainResults } from '../testing/results.js';
import {
  armTable,
  comparisonTable,
  escapeLatex,
  failureTable,
  paperTable,
  renderCsv,
  renderLatex,
  renderMarkdown,
  renderText,
} from './index.js';

const results = plainResults(
  [...armTrials('linear · none', [0.5, 0.52, 0.51]), ...armTrials('graph_50% & more | x', [0.6, 0.63, 0.6])],
  {
    baselines: [{ formatVersion: 1, key: 'k', task: 't', base: 'b', metrics: { 'eval/accuracy': 0.3 }, chance: 0.25 }],
  },
);
const summary = summarise(results);

const latexHere = spawnSync('pdflatex', ['--version']).status === 0;
if (!latexHere)
  process.stderr.write('SKIPPED: LaTeX tables are compiled: no pdflatex (Debian: texlive-latex-recommended)\n');

describe('tables', () => {
  it.skipIf(!latexHere)(
    'LaTeX compiles with what its first line names, odd names included',
    () => {
      const odd = summarise(
        plainResults([
          ...armTrials('a_b · λ=0.1, "q" & 50 % \\ ~ ^ # $ {x} <y> | z', [0.5, 0.52, 0.51]),
          ...armTrials('é × ≥ – ’ β σ ± −', [0.6, 0.63, 0.6]),
        ]),
      );
      const folder = mkdtempSync(join(tmpdir(), 'gmoe-latex-'));
      const tables = [paperTable(odd), armTable(odd), comparisonTable(odd)].map(renderLatex);
      const packages = ['\\usepackage{booktabs}', '\\usepackage[T1]{fontenc}'];
      for (const one of packages) expect(tables[0]).toContain(one);
      writeFileSync(
        join(folder, 'tables.tex'),
        ['\\documentclass{article}', ...packages, '\\begin{document}', ...tables, '\\end{document}'].join('\n'),
      );
      const { status, stdout } = spawnSync(
        'pdflatex',
        ['-interaction=nonstopmode', '-halt-on-error', '-no-shell-escape', 'tables.tex'],
        { cwd: folder, encoding: 'utf8' },
      );
      rmSync(folder, { recursive: true });
      expect([status, /^!.*/m.exec(stdout)?.[0]]).toEqual([0, undefined]);
    },
    90_000,
  );

  it('counts that differ are written differently, unless five digits are too few', () => {
    const column = (counts: number[]) => {
      const arms = counts.flatMap((count, i) =>
        armTrials(`arm ${i}`, [0.5, 0.6]).map((trial) => ({
          ...trial,
          metrics: { 'model/trainable_parameters': count },
        })),
      );
      const table = armTable(summarise(plainResults(arms)));
      return table.rows.slice(0, counts.length).map((row) => row.at(-1)!.text);
    };
    expect(column([296_520, 296_540, 297_160])).toEqual(['296.52 k', '296.54 k', '297.16 k']);
    expect(column([423_168, 423_172])).toEqual(['423 k', '423 k']);
  });

  it('terminal: aligned columns, baselines last', () => {
    const lines = renderText(armTable(summary)).split('\n');
    expect(lines[1]).toMatch(/^Arm +Seeds +Accuracy \(%\) +95 % interval/);
    expect(lines[2]).toMatch(/^linear · none +3 +51\.0 ± 1\.0 +\[48\.5, 53\.5\]/);
    expect(lines[3]).toMatch(/^graph_50% & more \| x +3 +61\.0 ± 1\.7/);
    expect(lines[4]).toMatch(/^untrained base +30\.0$/);
    expect(lines[5]).toMatch(/^chance +25\.0$/);
    const end = lines[1]!.indexOf('Accuracy (%)') + 'Accuracy (%)'.length;
    for (const line of lines.slice(2, 6)) expect(line.slice(0, end).trimEnd()).toHaveLength(end);
  });

  it('terminal: a narrow one loses columns and says which', () => {
    const text = renderText(comparisonTable(summary), { width: 70 });
    for (const line of text.split('\n').slice(1, 3)) expect([...line].length).toBeLessThanOrEqual(70);
    expect(text.replaceAll('\n', ' ')).toMatch(/not shown, the terminal is too narrow: .*Seeds needed/);
    expect(text.split('\n')[1]).toMatch(/^Arm .*Verdict$/);
    for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(70);
  });

  it('terminal: colour only on request', () => {
    expect(renderText(armTable(summary))).not.toContain('\u001b');
    expect(renderText(armTable(summary), { color: true })).toContain('\u001b[1m61.0 ± 1.7');
  });

  it('Markdown: escaped, best bold', () => {
    const markdown = renderMarkdown(armTable(summary));
    expect(markdown).toContain('| **graph\\_50% & more \\| x** | 3 | **61.0 ± 1.7** |');
    const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
    const columns = (line: string) => line.split(/(?<!\\)\|/).length;
    expect(new Set(rows.map(columns)).size).toBe(1);
  });

  it('CSV: reads back in full precision', () => {
    const records = parse(renderCsv(armTable(summary)), { columns: true }) as Record<string, string>[];
    expect(records.map(({ arm }) => arm)).toEqual([
      'linear · none',
      'graph_50% & more | x',
      'untrained base',
      'chance',
    ]);
    expect(Number(records[0]!['accuracy_mean'])).toBe(summary.arms[0]!.metrics['accuracy']!.mean);
    expect(Number(records[0]!['accuracy_std_high'])).toBe(summary.arms[0]!.metrics['accuracy']!.stdInterval!.high);
    expect(records[3]).toMatchObject({ accuracy_mean: '0.25', accuracy_std: '', seeds: '' });
  });

  it('CSV: quotes, and no formula for spreadsheets', () => {
    const cell = (text: string) => [{ text, data: { arm: text } }];
    const csv = renderCsv({ id: 'x', title: '', columns: [], notes: [], rows: [cell('a "b", c'), cell('=1+1')] });
    expect(csv).toBe('arm\r\n"a ""b"", c"\r\n\'=1+1\r\n');
  });

  it('LaTeX: booktabs, every special character escaped', () => {
    const latex = renderLatex(armTable(summary));
    expect(latex).toContain('\\textbf{graph\\_50\\% \\& more \\textbar{} x} & 3 & \\textbf{61.0 $\\pm$ 1.7}');
    expect(latex.match(/\\(top|mid|bottom)rule/g)).toEqual(['\\toprule', '\\midrule', '\\midrule', '\\bottomrule']);
    expect(escapeLatex('\\{a}_^~#$')).toBe('\\textbackslash{}\\{a\\}\\_\\textasciicircum{}\\textasciitilde{}\\#\\$');
    const bodies = latex.split('\n').filter((line) => line.endsWith(' \\\\'));
    expect(new Set(bodies.map((line) => line.split(/(?<!\\)&/).length))).toEqual(
      new Set([armTable(summary).columns.length]),
    );
  });

  it('the paper’s form: accuracy (std), tasks as columns, average', () => {
    const byTask = summarise(
      plainResults(
        ['arc', 'boolq'].flatMap((task, t) =>
          ['linear', 'graph'].flatMap((router, r) =>
            armTrials(`${task} · ${router}`, [0.5 + t / 10 + r / 20, 0.52 + t / 10 + r / 20], { task, router }),
          ),
        ),
      ),
    );
    const table = paperTable(byTask);
    expect(table.columns.map(({ heading }) => heading)).toEqual(['Method', 'arc', 'boolq', 'Average']);
    expect(table.rows.map((row) => row.map(({ text }) => text))).toEqual([
      ['linear', '51.00 (1.41)', '61.00 (1.41)', '56.00 (1.41)'],
      ['graph', '56.00 (1.41)', '66.00 (1.41)', '61.00 (1.41)'],
    ]);
    expect(paperTable(summary).rows[0]!.map(({ text }) => text)).toEqual(['linear · none', '51.00 (1.00)']);
  });

  it('failures name arm, seed and reason', () => {
    const [first] = results.trials;
    const failed = summarise({
      ...results,
      trials: [
        ...results.trials.slice(1),
        {
          ...first!,
          state: 'failed',
          result: { ...first!.result!, status: 'failed', error: { kind: 'memory', message: 'over 2048 MiB' } },
        },
      ],
    });
    expect(
      failureTable(failed)
        .rows[0]!.map(({ text }) => text)
        .slice(0, 4),
    ).toEqual(['linear · none', '0', 'memory', 'over 2048 MiB']);
  });
});

describe('renderReport', () => {
  it('json is the summary', () => {
    expect(JSON.parse(renderReport(results, 'json'))).toEqual(summary);
  });

  it('every text format holds the same mean', () => {
    for (const format of ['text', 'md', 'latex'] as const) expect(renderReport(results, format)).toContain('61.0');
    expect(renderReport(results, 'csv')).toContain(String(summary.arms[1]!.metrics['accuracy']!.mean));
  });
});
