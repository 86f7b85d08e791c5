/** White space as Python's `str.strip` takes it: unlike JavaScript's, with the separators \x1c-\x1f and \x85, without U+FEFF. */
const BLANK = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*`;
const BLANK_START = new RegExp(`^${BLANK}`);
const BLANK_END = new RegExp(`${BLANK}$`);

/** The white space at a text's end, which Python's `str.rstrip` takes off. */
export function blankEnd(text: string): string {
  return BLANK_END.exec(text)![0];
}

/** Python's `str.strip`. */
export function stripped(text: string): string {
  return text.slice(0, text.length - blankEnd(text).length).replace(BLANK_START, '');
}

/** Python's `str.capitalize`: the first character in title case, all others in lower case. */
export function capitalized(text: string): string {
  const [first = ''] = Array.from(text);
  // The whole text, since a capital sigma at a word's end goes by what stands before it.
  return titleCase(first) + text.toLowerCase().slice(first.toLowerCase().length);
}

const DIGRAPHS: Readonly<Record<string, string>> = { Ǆ: 'ǅ', Ǉ: 'ǈ', Ǌ: 'ǋ', Ǳ: 'ǲ' };
const IOTA_BELOW = '\u0345';

/** Unicode's title case of a character: its upper case, but for ligatures, digraphs, Greek with a iota below and Georgian. */
function titleCase(character: string): string {
  if (/^[\u10d0-\u10ff]/.test(character) || character === '') return character;
  const parts = character.normalize('NFD');
  if (parts.includes(IOTA_BELOW)) {
    return (parts.replace(IOTA_BELOW, '').toUpperCase() + IOTA_BELOW).normalize('NFC');
  }
  const upper = character.toUpperCase();
  const [first, ...rest] = Array.from(upper);
  // ŉ alone becomes an apostrophe and a capital.
  return character === 'ŉ' ? upper : (DIGRAPHS[upper] ?? first! + rest.join('').toLowerCase());
}
