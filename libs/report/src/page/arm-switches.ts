import { choice, element } from './element.js';
import type { ArmOrder, PageState } from './page-state.js';

const BEST = 10;

/** Switches for the arms of all charts, with what colours them and in which order they stand. */
export function armSwitches(host: HTMLElement, state: PageState): void {
  const { arms, primary, contexts } = state.document.summary;
  const inputs = new Map<string, { input: HTMLInputElement; item: HTMLElement; swatch: HTMLElement }>();
  const count = element('p', { class: 'count', role: 'status' });
  const list = element('ul', { class: 'arm-list', 'aria-label': 'Arms in the charts' });
  for (const { arm, group } of arms) {
    const input = element('input', {
      type: 'checkbox',
      onchange: () => {
        if (input.checked) state.shown.add(group);
        else state.shown.delete(group);
        state.changed();
      },
    });
    const swatch = element('span', { class: 'swatch' });
    const item = element('li', {}, element('label', {}, input, swatch, element('span', {}, arm)));
    inputs.set(group, { input, item, swatch });
    list.append(item);
  }
  const search = element('input', {
    type: 'search',
    placeholder: 'find an arm',
    'aria-label': 'Find an arm',
    oninput: () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const { arm, group } of arms) {
        inputs.get(group)!.item.hidden = !words.every((word) => arm.toLowerCase().includes(word));
      }
    },
  });
  const found = () => arms.filter(({ group }) => !inputs.get(group)!.item.hidden).map(({ group }) => group);
  const best = () => {
    const sign = primary.better === 'lower' ? 1 : -1;
    const score = (group: string) =>
      sign * (arms.find((arm) => arm.group === group)!.metrics[primary.id]?.mean ?? sign * Infinity);
    return arms
      .map(({ group }) => group)
      .sort((a, b) => score(a) - score(b))
      .slice(0, BEST);
  };
  const button = (text: string, groups: () => string[]) =>
    element('button', { type: 'button', onclick: () => state.show(groups()) }, text);
  const buttons = element(
    'div',
    { class: 'controls' },
    button('All', () => arms.map(({ group }) => group)),
    button('None', () => []),
    ...(arms.length > BEST ? [button(`Best ${BEST}`, best)] : []),
    button('Only found', found),
  );
  const order = choice(
    'Order',
    [
      ['sweep', 'as in the sweep'],
      ['best', 'best first'],
    ],
    state.order,
    (value) => {
      state.order = value as ArmOrder;
      state.changed();
    },
  );
  const colour = choice('Colour', state.colourChoices(), '', (axis) => state.colourBy(axis));
  const refresh = () => {
    const colours = new Map(contexts.map((context) => [context, state.colours(context)]));
    for (const arm of arms) {
      const { input, swatch } = inputs.get(arm.group)!;
      input.checked = state.shown.has(arm.group);
      swatch.style.background = colours.get(arm.context)!.of(arm);
    }
    count.textContent = `${state.shown.size} of ${arms.length} arms in the charts`;
  };
  host.append(
    element(
      'details',
      { open: window.innerWidth > 1000 },
      element('summary', {}, 'Arms in the charts'),
      count,
      element('div', { class: 'controls' }, order, colour),
      ...(arms.length > 5 ? [search] : []),
      buttons,
      list,
    ),
  );
  state.onChange(refresh);
  refresh();
}
