/** Levels of lists and objects in each other. Real files have fewer than twenty. */
const MOST_LEVELS = 500;

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Array.from(
  '"\\,[]{}',
  (character) => character.charCodeAt(0),
) as [number, number, number, number, number, number, number];

/**
 * The value of a JSON text from a file, a server or a stranger. `JSON.parse` takes any number of lists within lists, on which
 * whatever walks through the value afterwards would overflow its stack, and half a minute for some millions of names.
 *
 * @param mostValues that it may list; looked at before it is parsed
 * @throws SyntaxError if the text is no JSON, nested more than 500 levels deep, or holds more values
 */
export function parseJson(text: string, mostValues = Infinity): unknown {
  // As many brackets have no room in a shorter one.
  if (text.length > MOST_LEVELS) refuseBeyond(text, mostValues);
  return JSON.parse(text);
}

function refuseBeyond(text: string, mostValues: number): void {
  let [depth, values] = [0, 1];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > MOST_LEVELS) throw new SyntaxError(`nested more than ${MOST_LEVELS} levels deep`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
    else if (code === COMMA && ++values > mostValues) throw new SyntaxError(`holds more than ${mostValues} values`);
  }
}
