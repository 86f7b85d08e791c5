import { softmax } from '@gmoe/core/statistics';
import type { PageAnswers } from '../page-data/page-document.js';
import { float32, uint16, uint8 } from './decode.js';
import { choice, element } from './element.js';
import type { PageState } from './page-state.js';

const ON_A_PAGE = 8;
const NONE = 65_535;

interface Answers {
  readonly predicted: Uint16Array;
  readonly correct: Uint8Array;
  readonly scores: Float32Array | undefined;
  readonly options: number;
  readonly texts: readonly string[] | null;
}

const KINDS = [
  ['differ', 'answered differently'],
  ['first', 'right by the first only'],
  ['second', 'right by the second only'],
  ['wrong', 'wrong by both'],
  ['all', 'all'],
] as const;
type Kind = (typeof KINDS)[number][0];

/** Questions that two arms answer differently, with the options, what each chose and how sure it was. */
export function examplesView(host: HTMLElement, state: PageState): void {
  const { trials, summary, examples } = state.document;
  if (!examples) return;
  const nameOf = new Map(summary.arms.map(({ group, arm }) => [group, arm]));
  const decoded = new Map<PageAnswers, Answers>();
  const read = (answers: PageAnswers): Answers => {
    let found = decoded.get(answers);
    if (!found) {
      found = {
        predicted: uint16(answers.predicted),
        correct: uint8(answers.correct),
        scores: answers.scores === null ? undefined : float32(answers.scores),
        options: answers.options,
        texts: answers.texts,
      };
      decoded.set(answers, found);
    }
    return found;
  };
  const labelOf = ({ trial }: PageAnswers) => `${nameOf.get(trials[trial]!.group) ?? '?'}, seed ${trials[trial]!.seed}`;
  const choices = examples.answers.map((answers, i) => [String(i), labelOf(answers)] as const);
  const groupAt = (i: number) => trials[examples.answers[i]!.trial]!.group;
  const reference = summary.comparisons[0]?.reference;
  const indexOfArm = (name: string | undefined) =>
    examples.answers.findIndex((_, i) => nameOf.get(groupAt(i)) === name);
  let first = Math.max(0, indexOfArm(reference));
  const bestArm =
    summary.arms.find(({ best, arm }) => best && arm !== reference) ??
    summary.arms.find(({ arm }) => arm !== reference);
  let second = indexOfArm(bestArm?.arm);
  if (second < 0) second = examples.answers.length > 1 ? Number(first === 0) : 0;
  let kind: Kind = 'differ';
  let word = '';
  let page = 0;

  const status = element('p', { class: 'note', role: 'status' });
  const list = element('ol', { class: 'questions' });
  const names = element('p', { class: 'note' });
  const back = element('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
  const next = element('button', { type: 'button', onclick: () => turn(1) }, 'Next');
  const turn = (by: number) => {
    page += by;
    refresh();
  };
  const changed = () => {
    page = 0;
    refresh();
  };

  function matches(i: number, a: Answers, b: Answers): boolean {
    const [right, other] = [a.correct[i] === 1, b.correct[i] === 1];
    const has = a.predicted[i] !== NONE && b.predicted[i] !== NONE;
    if (!has) return false;
    if (word !== '') {
      const question = examples!.questions?.[i];
      const text = [examples!.ids[i], examples!.domains?.[i], question?.prompt, ...(question?.options ?? [])].join(' ');
      if (!text.toLowerCase().includes(word)) return false;
    }
    switch (kind) {
      case 'differ':
        return a.texts ? a.texts[i] !== b.texts?.[i] : a.predicted[i] !== b.predicted[i];
      case 'first':
        return right && !other;
      case 'second':
        return other && !right;
      case 'wrong':
        return !right && !other;
      case 'all':
        return true;
    }
  }

  function refresh(): void {
    const [a, b] = [read(examples!.answers[first]!), read(examples!.answers[second]!)];
    const found = examples!.ids.map((_, i) => i).filter((i) => matches(i, a, b));
    const count = (test: (i: number) => boolean) => examples!.ids.reduce((sum, _, i) => sum + Number(test(i)), 0);
    const pages = Math.max(1, Math.ceil(found.length / ON_A_PAGE));
    page = Math.min(Math.max(0, page), pages - 1);
    const only1 = count((i) => a.correct[i] === 1 && b.correct[i] !== 1);
    const only2 = count((i) => b.correct[i] === 1 && a.correct[i] !== 1);
    status.textContent =
      `${found.length} of ${examples!.ids.length} questions; only the first is right on ${only1}, only the second on ${only2}.` +
      (pages > 1 ? ` Page ${page + 1} of ${pages}.` : '');
    names.textContent = `First: ${choices[first]![1]}. Second: ${choices[second]![1]}.`;
    back.disabled = page === 0;
    next.disabled = page >= pages - 1;
    list.replaceChildren(...found.slice(page * ON_A_PAGE, (page + 1) * ON_A_PAGE).map((i) => card(i, a, b)));
  }

  function card(i: number, a: Answers, b: Answers): HTMLLIElement {
    const question = examples!.questions?.[i];
    const gold = examples!.gold[i]!;
    const written = a.texts ?? b.texts;
    const optionCount = question?.options.length ?? (written ? 0 : countOptions(i, a, b));
    const rows = Array.from({ length: optionCount }, (_, option) =>
      element(
        'tr',
        { class: option === gold ? 'gold' : undefined },
        element('td', {}, question?.options[option]?.trim() ?? `option ${option + 1}`),
        scoreCell(a, i, option, optionCount),
        scoreCell(b, i, option, optionCount),
      ),
    );
    const verdict = (answers: Answers) => (answers.correct[i] === 1 ? 'right' : 'wrong');
    return element(
      'li',
      {},
      element('div', { class: 'note' }, [examples!.ids[i], examples!.domains?.[i]].filter(Boolean).join(' · ')),
      question ? element('div', { class: 'prompt', tabindex: 0 }, question.prompt) : undefined,
      rows.length > 0
        ? element(
            'table',
            {},
            element(
              'thead',
              {},
              element(
                'tr',
                {},
                element('th', { scope: 'col' }, 'Option'),
                element('th', { scope: 'col' }, `First: ${verdict(a)}`),
                element('th', { scope: 'col' }, `Second: ${verdict(b)}`),
              ),
            ),
            element('tbody', {}, ...rows),
          )
        : undefined,
      written ? element('p', {}, element('b', {}, `First (${verdict(a)}): `), a.texts?.[i] ?? '–') : undefined,
      written ? element('p', {}, element('b', {}, `Second (${verdict(b)}): `), b.texts?.[i] ?? '–') : undefined,
    );
  }

  host.append(
    element(
      'div',
      { class: 'controls' },
      choice('First', choices, String(first), (value) => {
        first = Number(value);
        changed();
      }),
      choice('Second', choices, String(second), (value) => {
        second = Number(value);
        changed();
      }),
      choice('Questions', KINDS, kind, (value) => {
        kind = value as Kind;
        changed();
      }),
      element('input', {
        type: 'search',
        placeholder: 'containing',
        'aria-label': 'Questions containing',
        style: 'max-width:14em',
        oninput: (event) => {
          word = (event.target as HTMLInputElement).value.toLowerCase();
          changed();
        },
      }),
    ),
    names,
    status,
    list,
    element('div', { class: 'controls' }, back, next),
  );
  refresh();
}

function countOptions(i: number, ...answers: readonly Answers[]): number {
  const { options, scores } = answers.find((one) => one.scores) ?? answers[0]!;
  if (!scores) return options;
  let count = 0;
  while (count < options && !Number.isNaN(scores[i * options + count]!)) count++;
  return count;
}

/** Probability of an option among the options, and its score. */
function scoreCell(
  { scores, options, predicted }: Answers,
  i: number,
  option: number,
  count: number,
): HTMLTableCellElement {
  const chosen = predicted[i] === option;
  const score = scores?.[i * options + option];
  if (!scores || option >= options || score === undefined || Number.isNaN(score))
    return element('td', { class: chosen ? 'chosen' : undefined }, chosen ? '● chosen' : '');
  const own = Array.from(scores.subarray(i * options, i * options + Math.min(count, options)));
  const share = softmax(own)[option]!;
  const meter = element('span', { class: 'meter' });
  meter.style.width = `${Math.round(70 * share)}px`;
  return element(
    'td',
    { class: chosen ? 'chosen' : undefined },
    meter,
    `${(100 * share).toFixed(0)} %`,
    element('span', { class: 'note' }, ` ${score.toFixed(2).replace('-', '\u2212')}`),
    chosen ? ' ●' : undefined,
  );
}
