/**
 * A text from a file, a server or a stranger as it may stand on a terminal: without escape sequences and control
 * characters, which could hide lines, retitle the window or write to the clipboard, and without marks that turn the direction of
 * reading. Newlines and tabs stay.
 */
export function terminalText(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      const code = character.codePointAt(0)!;
      return code === 0x0d ? ' ' : `\\u${code.toString(16).padStart(4, '0')}`;
    },
  );
}
