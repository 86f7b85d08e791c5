/** Width of a text in pixels, set in the charts' font. */
export type MeasureText = (text: string, size: number) => number;

/** Wide scripts (CJK, full-width forms, emoji). */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const NARROW = /[iIljt.,:;!|'`()[\]{}f ·]/;
const BROAD = /[mwMW@%—…A-Z]/;

/** A guess on the safe side, for where no font is at hand: fonts differ by some per cent. */
export const estimateWidth: MeasureText = (text, size) => {
  let ems = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    ems += WIDE.test(character) ? 1.02 : NARROW.test(character) ? 0.36 : BROAD.test(character) ? 0.82 : 0.61;
  }
  return ems * size;
};

/** After these a line may break. */
const BREAKS = /(?<=[\s·,;:/+&|_\u2013\u3001\u3002-])(?=[^\s·])/u;
/** And after or before these if a piece is still too long for a line: `learningRate=`, `adapter.mixture.rank`, `learningRate`. */
const FINER = /(?<==)(?=\S)|(?<=\.)(?=\p{L})|(?<=\p{Ll})(?=\p{Lu})/u;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Breaks a text into lines no wider than `width`: after spaces and separators, else within words, else between characters. Nothing is cut away, so
 * that two names that differ stay different.
 */
export function wrapText(text: string, width: number, size: number, measure: MeasureText): string[] {
  const lines: string[] = [];
  let line = '';
  const put = (piece: string): void => {
    if (measure((line + piece).trimEnd(), size) <= width) line += piece;
    else {
      if (line.trim() !== '') lines.push(line.trim());
      line = piece.trimStart();
    }
  };
  const fits = (piece: string): boolean => measure(piece.trimEnd(), size) <= width;
  for (const piece of text.replace(/\s+/g, ' ').split(BREAKS)) {
    for (const part of fits(piece) ? [piece] : piece.split(FINER)) {
      if (fits(part)) put(part);
      else for (const { segment } of graphemes.segment(part)) put(segment);
    }
  }
  if (line.trim() !== '') lines.push(line.trim());
  return lines.length === 0 ? [''] : lines;
}

/** The widest of some lines. */
export function widest(lines: readonly string[], size: number, measure: MeasureText): number {
  return lines.reduce((most, line) => Math.max(most, measure(line, size)), 0);
}
