import { readBundledText } from '../bundled/bundled-data.js';

/** Documents for pretraining, and documents that no training sees. */
export interface PretrainingText {
  readonly train: readonly string[];
  readonly heldOut: readonly string[];
}

/**
 * The bundled corpus: half of the chapters of seven OpenStax textbooks (CC BY 4.0) and the openings of Wikipedia articles
 * (CC BY-SA 3.0). No chapter of it is in `openstax-topics`.
 */
export function pretrainingText(): PretrainingText {
  const documents = (name: string) => readBundledText('pretraining', `${name}.txt.gz`).trim().split('\n\n');
  return { train: [...documents('openstax'), ...documents('wikipedia')], heldOut: documents('held-out') };
}
