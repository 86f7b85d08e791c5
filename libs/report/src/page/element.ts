type Child = Node | string | undefined;

/** An element with attributes and children; `on…` functions become listeners. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | boolean | ((event: Event) => void) | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value);
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

/** A labelled list to choose from. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  onChange: (value: string) => void,
): HTMLLabelElement {
  const select = element(
    'select',
    { 'aria-label': label, onchange: () => onChange(select.value) },
    ...options.map(([value, text]) => {
      const option = element('option', { value }, text);
      option.selected = value === chosen;
      return option;
    }),
  );
  return element('label', {}, label, select);
}

/** A labelled switch. */
export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLLabelElement {
  const input = element('input', { type: 'checkbox', onchange: () => onChange(input.checked) });
  input.checked = checked;
  return element('label', {}, input, label);
}

/** A labelled number on a slider, its value written behind it. */
export function slider(
  label: string,
  range: { readonly min: number; readonly max: number; readonly step: number },
  value: number,
  text: (value: number) => string,
  onInput: (value: number) => void,
): HTMLLabelElement {
  const shown = element('output', {}, text(value));
  const input = element('input', {
    type: 'range',
    'aria-label': label,
    ...range,
    oninput: () => {
      shown.textContent = text(Number(input.value));
      onInput(Number(input.value));
    },
  });
  input.value = String(value);
  return element('label', {}, label, input, shown);
}
