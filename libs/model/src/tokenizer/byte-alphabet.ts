/**
 * GPT-2's printable stand-in for each byte: printable Latin-1 bytes stand for themselves, the others for U+0100 and up.
 * Index: byte, value: one character. Source: openai/gpt-2 `bytes_to_unicode`.
 */
export const BYTE_ALPHABET: readonly string[] = (() => {
  const alphabet: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    alphabet.push(String.fromCodePoint(printable ? byte : next++));
  }
  return alphabet;
})();
