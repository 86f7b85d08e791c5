import { largest } from '@gmoe/core';
import type { CaseReport } from '@gmoe/verify';
import pc from 'picocolors';

type Check = CaseReport['checks'][number];

/** How much of a report is printed. */
export type VerifyDetail =
  /** One line a case and engine. */
  | 'brief'
  /** A row for each output and gradient, the worst of those that differ by an index alone: layer, expert, step. */
  | 'outputs'
  /** A row for every check. */
  | 'all';

/** Failed checks of one case and engine that are named. */
const NAMED_FAILURES = 5;

/** What one golden case gave, on all engines, as lines of text. */
export function caseLines(reports: readonly CaseReport[], detail: VerifyDetail): string[] {
  const [{ name, kind = '', unread }] = reports as [CaseReport];
  const passed = reports.every((report) => report.passed);
  const verdict = passed ? pc.green('ok    ') : pc.red('FAILED');
  const lines = detail === 'brief' ? [] : [`${verdict} ${name}${kind && `  (${kind})`}`];
  const some = reports.some(({ checks }) => checks.length > 0);
  const body = detail === 'brief' ? reports.map(briefLine) : some ? table(reports, detail) : [];
  for (const line of [...body, ...reports.flatMap((report) => failureLines(report, detail))]) lines.push(line);
  if (unread.length > 0) {
    lines.push(`       ${pc.yellow('not compared')}, since the layout has no such tensor: ${shortList(unread)}`);
  }
  return lines;
}

function briefLine({ name, engine, passed, checks, worst }: CaseReport): string {
  const verdict = passed ? pc.green('ok    ') : pc.red('FAILED');
  const detail = worst ? `worst of ${checks.length}: ${describe(worst)}` : '';
  return `${verdict} ${name.padEnd(28)} ${(engine ?? '').padEnd(8)} ${detail}`.trimEnd();
}

/** A row for each name, a column for each engine: the worst error, and the tolerance. */
function table(reports: readonly CaseReport[], detail: VerifyDetail): string[] {
  const key = (check: Check) => (detail === 'all' ? check.name : check.name.replace(/\b\d+\b/g, '*'));
  const rows = new Map<string, { tolerance: Check; worst: (Check | undefined)[] }>();
  reports.forEach(({ checks }, column) => {
    for (const check of checks) {
      const row = rows.get(key(check)) ?? { tolerance: check, worst: [] };
      rows.set(key(check), row);
      if (!(row.worst[column] && row.worst[column].error >= check.error)) row.worst[column] = check;
    }
  });
  const width = largest([...rows.keys()].map((name) => name.length));
  const cells = (values: readonly string[]) => values.map((value) => value.padEnd(10)).join('');
  const header = `       ${pc.dim(`${''.padEnd(width)}  ${cells(reports.map(({ engine }) => engine ?? ''))}tolerance`)}`;
  return [
    header,
    ...[...rows].map(([name, { tolerance, worst }]) => {
      const shown = reports.map((_, column) => errorText(worst[column]));
      const line = `${name.padEnd(width)}  ${cells(shown)}${toleranceText(tolerance)}`;
      return worst.some((check) => check && !check.passed) ? `     ${pc.red(`! ${line}`)}` : `       ${line}`;
    }),
  ];
}

function failureLines(report: CaseReport, detail: VerifyDetail): string[] {
  const { checks, failure } = report;
  const engine: string = report.engine ?? '';
  if (failure !== undefined) return [`     ! ${engine}${engine && ': '}${failure}`];
  const failed = detail === 'all' ? [] : checks.filter(({ passed }) => !passed);
  const more = failed.length - NAMED_FAILURES;
  return [
    ...failed.slice(0, NAMED_FAILURES).map((check) => `     ! ${engine}: ${describe(check)}`),
    ...(more > 0 ? [`     ! ${engine}: and ${more} more (--all prints every check)`] : []),
  ];
}

const errorText = (check: Check | undefined): string =>
  check === undefined ? '' : check.tolerance === 0 && check.error === 0 ? 'exact' : number(check.error);

const toleranceText = ({ tolerance, measure }: Check): string =>
  tolerance === 0 ? 'exact' : `${number(tolerance)}${measure === 'absolute' ? ' absolute' : ''}`;

const describe = (check: Check): string => `${check.name} ${errorText(check)} of ${toleranceText(check)}`;

/** `1e-5`, `2.1e-7`, `Infinity`. */
const number = (value: number): string =>
  value === 0 ? '0' : Number.isFinite(value) ? value.toExponential(1).replace('.0e', 'e') : 'not finite';

function shortList(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 6).join(', ')} and ${names.length - 6} more`;
}
