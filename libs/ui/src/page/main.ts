import { CATEGORY_COLOURS, choice, curveFigure, element, LiveFigure, meanCurve, slider } from '@gmoe/report/page';
import type { CurveAnswer, LogAnswer, SweepAnswer, SweepEntry, TrialEntry } from '../ui-answers.js';

const EVERY_MS = 1000;
/** Curves at once; more cannot be told apart. */
const MOST_CURVES = CATEGORY_COLOURS.length;

const token = new URLSearchParams(location.search).get('token') ?? '';

async function ask<T>(path: string, query: Record<string, string> = {}, method: 'GET' | 'POST' = 'GET'): Promise<T> {
  const response = await fetch(`${path}?${new URLSearchParams(query).toString()}`, {
    method,
    headers: { 'x-gmoe-token': token },
  });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `${response.status}`);
  return answer;
}

interface Curve {
  attempt: string;
  offset: number;
  readonly points: Map<string, [number, number][]>;
}

const side = document.getElementById('side')!;
const told = document.getElementById('told')!;
const body = document.getElementById('sweep')!;
const curves = new Map<string, Curve>();

let entries: readonly SweepEntry[] = [];
let chosen: string | undefined;
let other = '';
let sweep: SweepAnswer | undefined;
let beside: SweepAnswer | undefined;
let metric = '';
let smoothing = 0;
let logOf: string | undefined;
const ticked = new Set<string>();

const tell = (text: string, wrong = false) => {
  told.textContent = text;
  told.classList.toggle('error', wrong);
};

const act = async (path: string, trial: TrialEntry, done: string) => {
  try {
    await ask(path, { sweep: chosen!, trial: trial.hash }, 'POST');
    tell(done);
    await refresh();
  } catch (error) {
    tell((error as Error).message, true);
  }
};

// ---- what stands on the page -------------------------------------------------------------------------------------------------

const list = element('ul', { class: 'sweeps' });
side.append(element('b', {}, 'Sweeps'), list);

const title = element('h2');
const facts = element('p', { class: 'note' });
const links = element('div', { class: 'controls' });
const metricControls = element('div', { class: 'controls' });
const figure = new LiveFigure(() =>
  curveFigure({ lines: curveLines(), metric, each: 'trial', log: false, bands: false, smoothing, caption: '' }),
);
/** Which colour is which trial. */
const key = element('ul', { class: 'key' });
const table = element('div', { class: 'scroll trials', tabindex: 0, role: 'region', 'aria-label': 'Trials' });
const compareHost = element('div');
const logTitle = element('h3');
const log = element('pre', { class: 'log', tabindex: 0, 'aria-label': 'Log', hidden: true });
body.append(
  title,
  facts,
  links,
  element('h3', {}, 'Curves'),
  metricControls,
  figure.node,
  key,
  element('h3', {}, 'Trials'),
  table,
  logTitle,
  log,
  element('h3', {}, 'Compared with another sweep'),
  compareHost,
);
metricControls.append(
  element('span'),
  slider(
    'Smoothing',
    { min: 0, max: 0.98, step: 0.02 },
    0,
    (value) => value.toFixed(2),
    (value) => {
      smoothing = value;
      figure.update();
    },
  ),
);

function nameOf({ group, seed }: TrialEntry): string {
  return `${sweep?.arms.find((arm) => arm.group === group)?.name ?? ''}, seed ${seed}`;
}

const colourAt = (place: number): string => CATEGORY_COLOURS[place % CATEGORY_COLOURS.length]!;

function curveLines() {
  return shownTrials().flatMap((trial, i) => {
    const points = curves.get(trial.hash)?.points.get(metric);
    if (!points || points.length === 0) return [];
    const own = {
      trial: 0,
      steps: Uint32Array.from(points, ([step]) => step),
      values: Float32Array.from(points, ([, value]) => value),
    };
    return [{ name: nameOf(trial), colour: colourAt(i), mean: meanCurve([own], smoothing), seeds: [] }];
  });
}

function drawKey(): void {
  key.replaceChildren(
    ...shownTrials().map((trial, i) => {
      const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.background = colourAt(i);
      return element('li', {}, swatch, ' ', nameOf(trial));
    }),
  );
}

/** The ticked trials, else those that run, else the last finished. */
function shownTrials(): TrialEntry[] {
  if (!sweep) return [];
  const own = sweep.trials.filter(({ hash }) => ticked.has(hash));
  if (own.length > 0) return own.slice(0, MOST_CURVES);
  const running = sweep.trials.filter(({ state }) => state === 'claimed');
  return (running.length > 0 ? running : sweep.trials.filter(({ step }) => step !== null)).slice(0, MOST_CURVES);
}

function drawList(): void {
  list.replaceChildren(
    ...entries.map(({ path, name, trials, counts, problem }) =>
      element(
        'li',
        {},
        element(
          'button',
          { type: 'button', 'aria-current': path === chosen, title: path, onclick: () => void choose(path) },
          name,
          element(
            'div',
            { class: 'note' },
            // Sweeps may have one name.
            path === '.' || path === name ? '' : `${path}: `,
            problem ??
              `${counts['finished'] ?? 0}/${trials} finished${counts['claimed'] ? `, ${counts['claimed']} running` : ''}${counts['failed'] ? `, ${counts['failed']} failed` : ''}`,
          ),
        ),
      ),
    ),
  );
}

function drawSweep(): void {
  if (!sweep) return;
  const { trials, arms, secondsLeft } = sweep;
  const names = new Map(arms.map(({ group, name }) => [group, name]));
  title.textContent = sweep.name;
  const count = (state: string) => trials.filter((trial) => trial.state === state).length;
  const running = count('claimed');
  facts.textContent =
    `${trials.length} trials in ${arms.length} arms: ${count('finished')} finished, ${running} running, ${count('todo')} open, ${count('failed')} failed` +
    (secondsLeft !== null && secondsLeft > 0 && running > 0
      ? `; about ${Math.ceil(secondsLeft / running / 60)} min left with ${running} at a time`
      : '');
  links.replaceChildren(
    element(
      'a',
      {
        href: `/report?${new URLSearchParams({ sweep: chosen!, token }).toString()}`,
        target: '_blank',
        rel: 'noopener',
      },
      'Report so far',
    ),
    ...(count('todo') > 0
      ? [
          element(
            'button',
            { type: 'button', onclick: () => void act('/api/run', trials[0]!, 'a worker runs the open trials') },
            'Run the open trials',
          ),
        ]
      : []),
  );
  const shown = new Map(shownTrials().map(({ hash }, i) => [hash, i]));
  const focused = document.activeElement?.id;
  table.replaceChildren(
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...['Curve', 'Arm', 'Seed', 'State', 'Step', 'Accuracy', 'Do'].map((text) =>
            element('th', { scope: 'col' }, text),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...trials.map((trial) => {
          const box = element('input', {
            type: 'checkbox',
            id: `t-${trial.hash.slice(0, 16)}`,
            'aria-label': `Curve of ${names.get(trial.group) ?? ''}, seed ${trial.seed}`,
            onchange: () => {
              if (box.checked) ticked.add(trial.hash);
              else ticked.delete(trial.hash);
              void refresh();
            },
          });
          box.checked = ticked.has(trial.hash);
          const swatch = element('span', { class: 'swatch' });
          const place = shown.get(trial.hash);
          if (place !== undefined) swatch.style.background = colourAt(place);
          const accuracy = trial.metrics['eval/accuracy'] ?? trial.metrics['final/accuracy'];
          const bar = element('span');
          bar.style.width = `${Math.round(100 * (trial.steps ? Math.min(1, (trial.step ?? 0) / trial.steps) : 0))}%`;
          return element(
            'tr',
            { 'data-trial': trial.hash.slice(0, 16) },
            element('td', {}, box, ' ', swatch),
            element('td', {}, names.get(trial.group) ?? ''),
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
              ...(trial.state === 'claimed' && trial.here
                ? [
                    button(`stop-${trial.hash.slice(0, 16)}`, 'Stop', () =>
                      act(
                        '/api/stop',
                        trial,
                        'it saves a checkpoint and ends; “Rerun” starts it anew, “Run the open trials” goes on with it',
                      ),
                    ),
                  ]
                : []),
              // Open trials are run together, by the button above.
              ...(trial.state !== 'claimed' && (trial.state !== 'todo' || trial.step !== null)
                ? [
                    button(`rerun-${trial.hash.slice(0, 16)}`, 'Rerun', () =>
                      act('/api/rerun', trial, 'a worker runs it again from the start'),
                    ),
                  ]
                : []),
              button(`log-${trial.hash.slice(0, 16)}`, 'Log', async () => {
                logOf = trial.hash;
                await refreshLog();
              }),
            ),
          );
        }),
      ),
    ),
  );
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** After the last step a trial is tested. */
function stateOf({ state, step, steps }: TrialEntry): string {
  return state === 'claimed' && step !== null && step === steps ? 'testing' : STATES[state];
}

const STATES: Readonly<Record<TrialEntry['state'], string>> = {
  finished: 'finished',
  failed: 'failed',
  stopped: 'ended early',
  claimed: 'running',
  todo: 'open',
  damaged: 'damaged',
  checkpoint: 'open, with a checkpoint',
};

function button(id: string, text: string, onClick: () => Promise<void>): HTMLButtonElement {
  return element('button', { type: 'button', id, onclick: () => void onClick() }, text);
}

function drawMetrics(): void {
  const names = [...new Set([...curves.values()].flatMap(({ points }) => [...points.keys()]))].sort();
  if (names.length === 0) return;
  if (!names.includes(metric))
    metric = ['train/lm_loss', 'train/loss'].find((name) => names.includes(name)) ?? names[0]!;
  const before = metricControls.firstElementChild!;
  if (before.getAttribute('data-names') === names.join()) return;
  const select = choice(
    'Metric',
    names.map((name) => [name, name] as const),
    metric,
    (value) => {
      metric = value;
      figure.update();
    },
  );
  select.setAttribute('data-names', names.join());
  before.replaceWith(select);
}

function drawCompare(): void {
  const options = [
    ['', 'none'] as const,
    ...entries.filter(({ path }) => path !== chosen).map(({ path, name }) => [path, `${name} (${path})`] as const),
  ];
  const key = JSON.stringify([options, other]);
  if (compareHost.getAttribute('data-key') !== key) {
    compareHost.setAttribute('data-key', key);
    compareHost.replaceChildren(
      element(
        'div',
        { class: 'controls' },
        choice('Sweep', options, other, (value) => {
          other = value;
          beside = undefined;
          void refresh();
        }),
      ),
      element('div', {
        id: 'compared',
        class: 'scroll',
        tabindex: 0,
        role: 'region',
        'aria-label': 'Arms of both sweeps',
      }),
    );
  }
  const host = document.getElementById('compared')!;
  if (!beside || !sweep) return host.replaceChildren();
  const [mine, theirs] = [means(sweep), means(beside)];
  const shared = [...mine.keys()].filter((name) => theirs.has(name));
  const names = [...new Set([...shared, ...mine.keys(), ...theirs.keys()])];
  host.replaceChildren(
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...['Arm', sweep.name, beside.name, 'Difference (points)'].map((text) =>
            element('th', { scope: 'col' }, text),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...names.map((name) => {
          const [a, b] = [mine.get(name), theirs.get(name)];
          const show = (values?: readonly number[]) =>
            values
              ? `${(100 * mean(values)).toFixed(1)} % (${values.length} ${values.length === 1 ? 'seed' : 'seeds'})`
              : '–';
          const difference = a && b ? 100 * (mean(a) - mean(b)) : undefined;
          return element(
            'tr',
            {},
            element('td', {}, name),
            element('td', {}, show(a)),
            element('td', {}, show(b)),
            element('td', {}, difference === undefined ? '–' : `${difference > 0 ? '+' : ''}${difference.toFixed(1)}`),
          );
        }),
      ),
    ),
    element(
      'p',
      { class: 'note' },
      `Mean accuracy over finished seeds; ${shared.length === 0 ? 'no arm has' : 'first the arms that have'} the same name in both. Without a test: the reports have intervals.`,
    ),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function means({ arms, trials }: SweepAnswer): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { group, name } of arms) {
    const values = trials.flatMap((trial) => {
      const value = trial.metrics['eval/accuracy'] ?? trial.metrics['final/accuracy'];
      return trial.group === group && trial.state === 'finished' && value !== undefined ? [value] : [];
    });
    if (values.length > 0) found.set(name, values);
  }
  return found;
}

// ---- what is asked for, again and again --------------------------------------------------------------------------------------

async function choose(path: string): Promise<void> {
  chosen = path;
  sweep = undefined;
  other = '';
  beside = undefined;
  logOf = undefined;
  log.textContent = '';
  log.hidden = true;
  logTitle.textContent = '';
  ticked.clear();
  curves.clear();
  location.hash = path;
  await refresh();
}

async function refreshCurves(): Promise<void> {
  await Promise.all(
    shownTrials().map(async ({ hash }) => {
      const curve = curves.get(hash) ?? { attempt: '', offset: 0, points: new Map() };
      curves.set(hash, curve);
      const { attempt, offset, points } = await ask<CurveAnswer>('/api/curve', {
        sweep: chosen!,
        trial: hash,
        attempt: curve.attempt,
        offset: String(curve.offset),
      });
      if ((attempt ?? '') !== curve.attempt) curve.points.clear();
      curve.attempt = attempt ?? '';
      curve.offset = offset;
      for (const [name, list_] of Object.entries(points)) {
        const own = curve.points.get(name) ?? [];
        for (const point of list_) own.push([...point]);
        curve.points.set(name, own);
      }
    }),
  );
}

async function refreshLog(): Promise<void> {
  if (logOf === undefined) return;
  const trial = sweep?.trials.find(({ hash }) => hash === logOf);
  const { text } = await ask<LogAnswer>('/api/log', { sweep: chosen!, trial: logOf });
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  logTitle.textContent = `Log of seed ${trial?.seed ?? ''}, trial ${logOf.slice(0, 16)}`;
  log.hidden = false;
  log.textContent = text === '' ? 'nothing is logged' : text;
  if (atEnd) log.scrollTop = log.scrollHeight;
}

let busy = false;

async function refresh(): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    const { sweeps, folder } = await ask<{ sweeps: SweepEntry[]; folder: string }>('/api/sweeps');
    entries = sweeps;
    if (chosen === undefined || !entries.some(({ path }) => path === chosen)) {
      const wanted = decodeURIComponent(location.hash.slice(1));
      chosen = entries.find(({ path }) => path === wanted)?.path ?? entries[0]?.path;
    }
    drawList();
    if (chosen === undefined) return tell(`no sweep lies below ${folder} yet`);
    sweep = await ask<SweepAnswer>('/api/sweep', { sweep: chosen });
    beside = other === '' ? undefined : await ask<SweepAnswer>('/api/sweep', { sweep: other });
    drawSweep();
    await refreshCurves();
    drawMetrics();
    figure.update();
    drawKey();
    drawCompare();
    await refreshLog();
    if (told.classList.contains('error')) tell('');
  } catch (error) {
    tell(`not up to date: ${(error as Error).message}`, true);
  } finally {
    busy = false;
  }
}

void refresh();
setInterval(() => void refresh(), EVERY_MS);
