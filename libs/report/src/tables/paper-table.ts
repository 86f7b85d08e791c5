import { mean } from '../statistics/index.js';
import { axisValue, treatmentAxes } from '../summary/arms.js';
import { formatValue } from '../summary/numbers.js';
import type { ArmSummary, SweepSummary } from '../summary/index.js';
import type { Cell, Table } from './table.js';
import { textCell } from './table.js';

/**
 * The paper's Table 1: a row per method (and base), a column per task, `mean (std)` of the compared metric, and the
 * average over tasks. A sweep over one task has one such column.
 */
export function paperTable(summary: SweepSummary): Table {
  const { primary } = summary;
  const tasks = [...new Set(summary.arms.map(taskOf))];
  const bases = [...new Set(summary.arms.map(baseOf))];
  const rows = new Map<string, { base: string; method: string; byTask: Map<string, ArmSummary> }>();
  for (const arm of summary.arms) {
    const method = methodOf(arm);
    const key = JSON.stringify([baseOf(arm), method]);
    const row = rows.get(key) ?? { base: baseOf(arm), method, byTask: new Map<string, ArmSummary>() };
    row.byTask.set(taskOf(arm), arm);
    rows.set(key, row);
  }
  const several = tasks.length > 1;
  const withBase = bases.length > 1;
  return {
    id: 'paper',
    title: `${primary.label} and stability`,
    columns: [
      ...(withBase ? [{ heading: 'Base', align: 'left' as const }] : []),
      { heading: 'Method', align: 'left' },
      ...tasks.map((task) => ({ heading: task || primary.label, align: 'right' as const })),
      ...(several ? [{ heading: 'Average', align: 'right' as const }] : []),
    ],
    rows: [...rows.values()].map(({ base, method, byTask }): Cell[] => {
      const scores = tasks.flatMap((task) => byTask.get(task)?.metrics[primary.id] ?? []);
      const stds = scores.flatMap(({ std }) => std ?? []);
      const complete = scores.length === tasks.length;
      return [
        ...(withBase ? [textCell('base', base)] : []),
        textCell('method', method),
        ...tasks.map((task): Cell => {
          const arm = byTask.get(task);
          const score = arm?.metrics[primary.id];
          const suffix = task ? `_${task}` : '';
          return {
            text: score ? meanAndStd(score.mean, score.std, summary) : '–',
            data: { [`mean${suffix}`]: score?.mean ?? null, [`std${suffix}`]: score?.std ?? null },
            ...(arm?.best ? { emphasis: 'best' as const } : {}),
          };
        }),
        ...(several
          ? [
              {
                text: complete
                  ? meanAndStd(
                      mean(scores.map((s) => s.mean)),
                      stds.length === tasks.length ? mean(stds) : null,
                      summary,
                    )
                  : '–',
                data: { average: complete ? mean(scores.map((s) => s.mean)) : null },
              },
            ]
          : []),
      ];
    }),
    notes: [
      `${primary.label}${primary.unit === 'percent' ? ' in percent' : ''}, in brackets its sample standard deviation over seeds.` +
        (several ? ' Average: mean over tasks of the means and of the standard deviations, as in the paper.' : ''),
    ],
  };
}

function meanAndStd(value: number, std: number | null, { primary }: SweepSummary): string {
  const digits = (v: number) => (primary.unit === 'percent' ? (100 * v).toFixed(2) : formatValue(v, primary.unit));
  return digits(value) + (std === null ? '' : ` (${digits(std)})`);
}

function taskOf({ axes }: ArmSummary): string {
  const task = axes['task'] ?? axes['task.id'];
  return task === undefined ? '' : axisValue(task);
}

function baseOf({ axes }: ArmSummary): string {
  return axes['base'] === undefined ? '' : axisValue(axes['base']);
}

/** The arm without its task and base. */
function methodOf(arm: ArmSummary): string {
  if (arm.context === '') return arm.arm;
  const context = [taskOf(arm), baseOf(arm)];
  const parts = arm.arm.split(' · ').filter((part) => !context.includes(part.split('=').at(-1)!));
  const treatment = Object.values(treatmentAxes(arm.axes)).map(axisValue);
  return parts.join(' · ') || treatment.join(' · ') || arm.arm;
}
