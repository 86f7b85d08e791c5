import type { RunReport, SyncReport } from '@gmoe/spool';

interface Stream {
  write(text: string): unknown;
}

const KINDS = ['metricPoints', 'params', 'tags', 'artifacts', 'datasets', 'models'] as const;
const WORDS: Readonly<Record<(typeof KINDS)[number], string>> = {
  metricPoints: 'metric points',
  params: 'params',
  tags: 'tags',
  artifacts: 'artifacts',
  datasets: 'datasets',
  models: 'models',
};
/** Most runs that are named one by one. */
const NAMED = 10;

/** Tells how runs get to MLflow. */
export class SyncProgress {
  private failing: string | undefined;
  private readonly told = new Map<string, string>();

  constructor(
    private readonly directory: string,
    private readonly out: Stream,
    private readonly err: Stream,
  ) {}

  /** After each look. @param each whether runs are told of one by one, as they get ready */
  pass(report: SyncReport, each: boolean): void {
    if (report.error !== undefined && report.error !== this.failing)
      this.err.write(`mlflow: ${report.error}; nothing is lost\n`);
    if (report.error === undefined && this.failing !== undefined) this.err.write('mlflow: the server is back\n');
    this.failing = report.error;
    if (!each) return;
    for (const run of report.runs) {
      const state = run.state === 'synced' ? (run.status ?? 'RUNNING') : run.state;
      if (this.told.get(run.journal) === state) continue;
      this.told.set(run.journal, state);
      if (run.state !== 'pending') this.out.write(`${run.name || run.journal}: ${state}\n`);
    }
  }

  end({ server, runs }: SyncReport): void {
    const of = (state: RunReport['state']): RunReport[] => runs.filter((run) => run.state === state);
    const synced = of('synced');
    this.out.write(`${synced.length} of ${count(runs.length, 'run')} on ${server}\n`);
    const verified = synced.flatMap(({ verification }) => verification ?? []);
    if (verified.length > 0) {
      const sums = KINDS.map((kind) => {
        const onServer = verified.reduce((sum, verification) => sum + verification[kind].onServer, 0);
        return `${onServer.toLocaleString('en')} ${WORDS[kind]}`;
      });
      this.out.write(`compared with the journals: ${sums.join(', ')}: all there\n`);
    }
    this.name('locked', of('locked'), () => 'another process uploads it right now');
    this.name('deleted', of('deleted'), ({ error }) => error);
    this.name('unreadable', of('unreadable'), ({ error }) => error);
    this.name('different', of('different'), ({ verification }) => verification?.differences.slice(0, 3).join('; '));
    this.name('pending', of('pending'), ({ error }) => error);
    const letters = runs.reduce((sum, { deadLetters }) => sum + deadLetters, 0);
    if (letters > 0)
      this.out.write(
        `${count(letters, 'value')} could not be recorded or taken; the .dead.jsonl files in ${this.directory} say which and why\n`,
      );
  }

  private name(state: string, runs: readonly RunReport[], why: (run: RunReport) => string | undefined): void {
    for (const run of runs.slice(0, NAMED))
      this.out.write(`${state}: ${run.name || run.id || run.journal}: ${why(run) ?? ''}\n`);
    if (runs.length > NAMED) this.out.write(`${state}: and ${runs.length - NAMED} more\n`);
  }
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
}
