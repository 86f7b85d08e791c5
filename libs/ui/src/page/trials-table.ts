import { element } from '@gmoe/report/page';
import type { SweepAnswer, TrialEntry } from '../ui-answers.js';
import { swatchOf } from './curve-colours.js';
import { plainTable } from './plain-table.js';
import { nameOf } from './trial-curves.js';

/** What can be done with a trial. */
export interface TrialActions {
  readonly tick: (trial: TrialEntry, ticked: boolean) => void;
  readonly stop: (trial: TrialEntry) => void;
  readonly rerun: (trial: TrialEntry) => void;
  readonly log: (trial: TrialEntry) => void;
}

const COLUMNS = ['Curve', 'Arm', 'Seed', 'State', 'Step', 'Accuracy', 'Do'];

const STATES: Readonly<Record<TrialEntry['state'], string>> = {
  finished: 'finished',
  failed: 'failed',
  stopped: 'ended early',
  claimed: 'running',
  todo: 'open',
  damaged: 'damaged',
  checkpoint: 'open, with a checkpoint',
};

export const accuracyOf = ({ metrics }: TrialEntry): number | undefined =>
  metrics['eval/accuracy'] ?? metrics['final/accuracy'];

/** All trials of a sweep: where each stands, and what can be done with it. */
export function trialsTable(
  sweep: SweepAnswer,
  shown: readonly TrialEntry[],
  ticked: ReadonlySet<string>,
  actions: TrialActions,
): HTMLElement {
  const places = new Map(shown.map(({ hash }, i) => [hash, i]));
  return plainTable(
    COLUMNS,
    sweep.trials.map((trial) => row(sweep, trial, places.get(trial.hash), ticked.has(trial.hash), actions)),
  );
}

function row(
  sweep: SweepAnswer,
  trial: TrialEntry,
  place: number | undefined,
  ticked: boolean,
  actions: TrialActions,
): HTMLElement {
  const id = trial.hash.slice(0, 16);
  const arm = nameOf(sweep, trial);
  const box = element('input', {
    type: 'checkbox',
    id: `t-${id}`,
    'aria-label': `Curve of ${arm}, seed ${trial.seed}`,
    onchange: () => actions.tick(trial, box.checked),
  });
  box.checked = ticked;
  const accuracy = accuracyOf(trial);
  const bar = element('span');
  bar.style.width = `${Math.round(100 * (trial.steps ? Math.min(1, (trial.step ?? 0) / trial.steps) : 0))}%`;
  return element(
    'tr',
    { 'data-trial': id },
    element('td', {}, box, ' ', swatchOf(place)),
    element('td', {}, arm),
    element('td', {}, String(trial.seed)),
    element('td', { title: trial.problem }, element('span', { class: `state ${trial.state}` }, stateOf(trial))),
    element(
      'td',
      {},
      `${trial.step ?? '–'}${trial.steps ? ` / ${trial.steps}` : ''}`,
      element('div', { class: 'bar' }, bar),
    ),
    element('td', {}, accuracy === undefined ? '–' : `${(100 * accuracy).toFixed(1)} %`),
    element(
      'td',
      {},
      trial.state === 'claimed' && trial.here ? button(`stop-${id}`, 'Stop', () => actions.stop(trial)) : undefined,
      // Open trials are run together, by the button above.
      trial.state !== 'claimed' && (trial.state !== 'todo' || trial.step !== null)
        ? button(`rerun-${id}`, 'Rerun', () => actions.rerun(trial))
        : undefined,
      button(`log-${id}`, 'Log', () => actions.log(trial)),
    ),
  );
}

/** After the last step a trial is tested. */
function stateOf({ state, step, steps }: TrialEntry): string {
  return state === 'claimed' && step !== null && step === steps ? 'testing' : STATES[state];
}

function button(id: string, text: string, onClick: () => void): HTMLButtonElement {
  return element('button', { type: 'button', id, onclick: onClick }, text);
}
