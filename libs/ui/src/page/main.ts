import { element } from '@gmoe/report/page';
import type { SweepAnswer, SweepEntry, TrialEntry } from '../ui-answers.js';
import { ComparePanel } from './compare-panel.js';
import { CurvesPanel, shownTrials } from './curves-panel.js';
import { LogPanel } from './log-panel.js';
import { ask, reportAddress } from './requests.js';
import { sweepList } from './sweep-list.js';
import { trialsTable, type TrialActions } from './trials-table.js';

/** Between two looks; a slow one is followed by a rest of twice its length, so that a large sweep does not keep the server busy. */
const EVERY_MS = 1000;

const told = document.getElementById('told')!;
const list = element('ul', { class: 'sweeps' });
const title = element('h2');
const facts = element('p', { class: 'note' });
const links = element('div', { class: 'controls' });
const table = element('div', { class: 'scroll trials', tabindex: 0, role: 'region', 'aria-label': 'Trials' });
const curves = new CurvesPanel();
const log = new LogPanel();
const compare = new ComparePanel(() => void refresh());
document.getElementById('side')!.append(element('b', {}, 'Sweeps'), list);
document
  .getElementById('sweep')!
  .append(title, facts, links, curves.node, element('h3', {}, 'Trials'), table, log.node, compare.node);

let chosen: string | undefined;
const ticked = new Set<string>();

function tell(text: string, wrong = false): void {
  told.textContent = text;
  told.classList.toggle('error', wrong);
}

async function act(path: string, trial: TrialEntry, done: string): Promise<void> {
  try {
    await ask(path, { sweep: chosen!, trial: trial.hash }, 'POST');
    tell(done);
    await refresh();
  } catch (error) {
    tell((error as Error).message, true);
  }
}

const actions: TrialActions = {
  tick: ({ hash }, on) => {
    if (on) ticked.add(hash);
    else ticked.delete(hash);
    void refresh();
  },
  stop: (trial) =>
    void act(
      '/api/stop',
      trial,
      'it saves a checkpoint and ends; “Rerun” starts it anew, “Run the open trials” goes on with it',
    ),
  rerun: (trial) => void act('/api/rerun', trial, 'a worker runs it again from the start'),
  log: (trial) => void log.open(chosen!, trial).catch((error: Error) => tell(error.message, true)),
};

async function choose(path: string): Promise<void> {
  chosen = path;
  compare.close();
  log.close();
  ticked.clear();
  location.hash = path;
  await refresh();
}

function drawHead({ name, trials, arms, secondsLeft }: SweepAnswer): void {
  title.textContent = name;
  const count = (state: string) => trials.filter((trial) => trial.state === state).length;
  const running = count('claimed');
  facts.textContent =
    `${trials.length} trials in ${arms.length} arms: ${count('finished')} finished, ${running} running, ${count('todo')} open, ${count('failed')} failed` +
    (secondsLeft !== null && secondsLeft > 0 && running > 0
      ? `; about ${Math.ceil(secondsLeft / running / 60)} min left with ${running} at a time`
      : '');
  const run = () => void act('/api/run', trials[0]!, 'a worker runs the open trials');
  links.replaceChildren(
    element('a', { href: reportAddress(chosen!), target: '_blank', rel: 'noopener' }, 'Report so far'),
    ...(count('todo') > 0 ? [element('button', { type: 'button', onclick: run }, 'Run the open trials')] : []),
  );
}

let drawn = '';

/** Made anew only where something has changed. */
function drawTable(sweep: SweepAnswer, shown: readonly TrialEntry[]): void {
  const now = JSON.stringify([sweep, shown.map(({ hash }) => hash), [...ticked]]);
  if (now === drawn) return;
  drawn = now;
  const focused = document.activeElement?.id;
  table.replaceChildren(trialsTable(sweep, shown, ticked, actions));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** The sweep shown: the one chosen, the one in the address, the first. */
function pick(entries: readonly SweepEntry[]): string | undefined {
  const wanted = [chosen, decodeURIComponent(location.hash.slice(1)), entries[0]?.path];
  return wanted.find((path) => entries.some((entry) => entry.path === path));
}

const sweepAt = (path: string) => ask<SweepAnswer>('/api/sweep', { sweep: path });

let busy = false;
/** Something was chosen while the page was being drawn. */
let again = false;

async function refresh(): Promise<void> {
  again = busy;
  if (busy) return;
  busy = true;
  try {
    await draw();
    if (told.classList.contains('error')) tell('');
  } catch (error) {
    tell(`not up to date: ${(error as Error).message}`, true);
  } finally {
    busy = false;
  }
  if (again) await refresh();
}

async function draw(): Promise<void> {
  const { sweeps, folder } = await ask<{ sweeps: SweepEntry[]; folder: string }>('/api/sweeps');
  chosen = pick(sweeps);
  list.replaceChildren(...sweepList(sweeps, chosen, (path) => void choose(path)));
  if (chosen === undefined) return tell(`no sweep lies below ${folder} yet`);
  const { other } = compare;
  const [sweep, beside] = await Promise.all([sweepAt(chosen), other === '' ? undefined : sweepAt(other)]);
  const shown = shownTrials(sweep, ticked);
  drawHead(sweep);
  drawTable(sweep, shown);
  await curves.show(sweep, shown);
  await compare.show(sweep, beside, sweeps);
  await log.refresh();
}

async function follow(): Promise<void> {
  const began = performance.now();
  if (!document.hidden && !busy) await refresh();
  setTimeout(() => void follow(), Math.max(EVERY_MS, 2 * (performance.now() - began)));
}

void follow();
