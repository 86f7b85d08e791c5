/**
 * Makes the bundled text data from seven OpenStax textbooks and Wikipedia openings:
 *
 *     tsx --tsconfig tsconfig.base.json tools/datasets/prepare-openstax.ts TEXT_FOLDER
 *
 * TEXT_FOLDER holds `openstax/*.txt.gz` and `wikipedia_leads.txt.gz`. Every book is cut into chapters, and a keyed
 * permutation gives each chapter to one purpose, so that pretraining, training, development and test never share one:
 *
 * - `libs/datasets/data/pretraining/{openstax,wikipedia}.txt.gz`, one paragraph a line, documents apart by an empty line;
 *   `held-out.txt.gz` for bits per character
 * - `libs/datasets/data/openstax-topics/{train,dev,test}.jsonl.gz`: which subject is this passage from?
 * - `libs/datasets/data/openstax-topics/chapters.json`: which chapter went where
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { RandomKey } from '@gmoe/tensor';

const SOURCE = process.argv[2];
if (!SOURCE) throw new Error('usage: prepare-openstax.ts TEXT_FOLDER');
const DATA = 'libs/datasets/data';
const KEY = RandomKey.fromSeed(2412_16216);

/** Two books are about physics: they share a label, so that no class is told apart by its author alone. */
const SUBJECTS: Record<string, string> = {
  'anatomy-physiology': 'anatomy',
  astronomy: 'astronomy',
  'chemistry-bundle': 'chemistry',
  'college-physics-bundle': 'physics',
  microbiology: 'microbiology',
  physics: 'physics',
  psychology: 'psychology',
};
/** A passage with one of these would name its own subject. */
const GIVEAWAY =
  /anatom|physiolog|astronom|chemi|physic[s'’ ]|microbiolog|psycholog|textbook|this chapter|this module|openstax/i;

const SHARES = { pretrain: 0.5, train: 0.27, dev: 0.1, test: 0.13 } as const;
type Purpose = keyof typeof SHARES;

const PASSAGE_WORDS = { least: 40, most: 70 };
const PER_SUBJECT = { train: 500, dev: 60, test: 120 } as const;
const WIKIPEDIA_HELD_OUT = 0.01;

interface Chapter {
  readonly book: string;
  readonly index: number;
  readonly paragraphs: readonly string[];
}

/** Chapters open with a line of their own: `Introduction`, `Introduction to ...`, or `Thinking Ahead` (astronomy). */
function isChapterStart(book: string, line: string): boolean {
  if (book === 'astronomy') return line === 'Thinking Ahead';
  if (book === 'college-physics-bundle') return /^Introduction( to |: )/.test(line);
  return line === 'Introduction';
}

/** Prose: long enough, ends as a sentence, no references, links, exercises or formulas. */
function isProse(line: string): boolean {
  if (line.length < 120 || !/[.!?”")]$/.test(line)) return false;
  if (/https?:|www\.|doi\b|Retrieved from|\bet al\.|^\(?[a-e1-9]\)|^- |= .*=|Figure\s*\)/.test(line)) return false;
  const letters = line.replace(/[^A-Za-z ]/g, '').length;
  return letters / line.length > 0.92;
}

function clean(line: string): string {
  return line
    .replace(/\s*\((see )?\)/g, '')
    .replace(/\[link\]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;:])/g, '$1')
    .trim();
}

function readChapters(path: string): Chapter[] {
  const book = basename(path, '.txt.gz');
  const chapters: string[][] = [[]];
  for (const raw of gunzipSync(readFileSync(path)).toString('utf8').split('\n')) {
    const line = raw.trim();
    if (isChapterStart(book, line)) chapters.push([]);
    const paragraph = clean(line);
    if (isProse(paragraph)) chapters.at(-1)!.push(paragraph);
  }
  return chapters
    .map((paragraphs, index) => ({ book, index, paragraphs }))
    .filter(({ paragraphs }) => paragraphs.length >= 5);
}

/** A purpose for each chapter of a book, in the given shares, by a keyed order. */
function assign(chapters: readonly Chapter[], book: string): Purpose[] {
  const order = [...KEY.fold('chapters').fold(book).permutation(chapters.length)];
  const purposes = new Array<Purpose>(chapters.length);
  let begin = 0;
  let share = 0;
  for (const [purpose, part] of Object.entries(SHARES) as [Purpose, number][]) {
    share += part;
    const end = Math.max(begin + 1, Math.round(share * chapters.length));
    for (const chapter of order.slice(begin, end)) purposes[chapter] = purpose;
    begin = end;
  }
  return purposes;
}

/** Runs of whole sentences of a paragraph within the word limits. */
function passages(paragraph: string): string[] {
  const sentences = paragraph.match(/[^.!?]+[.!?]+[”")]*\s*/g) ?? [];
  const found: string[] = [];
  let run = '';
  for (const sentence of sentences) {
    const next = run + sentence;
    const words = next.trim().split(/\s+/).length;
    if (words > PASSAGE_WORDS.most) {
      run = sentence;
      continue;
    }
    run = next;
    if (words >= PASSAGE_WORDS.least) {
      found.push(run.trim());
      run = '';
    }
  }
  return found.filter((passage) => /^[A-Z]/.test(passage) && !GIVEAWAY.test(passage));
}

/** Runs of eight words, lower case. */
function shingles(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.slice(7).map((_, i) => words.slice(i, i + 8).join(' '));
}

function writeGz(path: string, text: string): void {
  writeFileSync(path, gzipSync(text, { level: 9 }));
  console.log(`${path}: ${(text.length / 1e6).toFixed(2)} MB of text`);
}

const documentsToText = (documents: readonly (readonly string[])[]): string =>
  documents.map((paragraphs) => paragraphs.join('\n')).join('\n\n') + '\n';

mkdirSync(join(DATA, 'pretraining'), { recursive: true });
mkdirSync(join(DATA, 'openstax-topics'), { recursive: true });

const byPurpose: Record<Purpose, Chapter[]> = { pretrain: [], train: [], dev: [], test: [] };
const assignment: Record<string, Record<Purpose, number[]>> = {};
for (const file of readdirSync(join(SOURCE, 'openstax')).sort()) {
  const chapters = readChapters(join(SOURCE, 'openstax', file));
  const book = chapters[0]!.book;
  const purposes = assign(chapters, book);
  assignment[book] = { pretrain: [], train: [], dev: [], test: [] };
  chapters.forEach((chapter, i) => {
    byPurpose[purposes[i]!].push(chapter);
    assignment[book]![purposes[i]!].push(chapter.index);
  });
}
writeFileSync(join(DATA, 'openstax-topics', 'chapters.json'), `${JSON.stringify(assignment, null, 2)}\n`);

// A paragraph that stands in more than one chapter (boxes, safety notes) would tie the splits together.
const seen = new Map<string, string>();
const repeated = new Set<string>();
for (const chapter of Object.values(byPurpose).flat()) {
  const where = `${chapter.book}/${chapter.index}`;
  for (const paragraph of chapter.paragraphs) {
    if (seen.has(paragraph) && seen.get(paragraph) !== where) repeated.add(paragraph);
    seen.set(paragraph, where);
  }
}

const articles = gunzipSync(readFileSync(join(SOURCE, 'wikipedia_leads.txt.gz')))
  .toString('utf8')
  .split(/\n(?=[^a-z\n]{3,80}\n)/)
  .map((article) =>
    article
      .split('\n')
      .slice(1)
      .map(clean)
      .filter((line) => !line.startsWith('Section::::') && line.length >= 80 && /[.!?”")]$/.test(line)),
  )
  .filter((paragraphs) => paragraphs.length > 0);

/** Runs of eight words that another purpose has: a passage with one of them is left out. */
const taken = new Set(
  [...byPurpose.pretrain.map(({ paragraphs }) => paragraphs), ...articles].flatMap((paragraphs) =>
    paragraphs.flatMap(shingles),
  ),
);

for (const split of ['train', 'dev', 'test'] as const) {
  const rows: { id: string; passage: string; subject: string; book: string; chapter: number }[] = [];
  for (const subject of [...new Set(Object.values(SUBJECTS))].sort()) {
    const candidates = byPurpose[split]
      .filter(({ book }) => SUBJECTS[book] === subject)
      .flatMap(({ book, index, paragraphs }) =>
        paragraphs
          .filter((paragraph) => !repeated.has(paragraph))
          .flatMap(passages)
          .filter((passage) => !shingles(passage).some((run) => taken.has(run)))
          .map((passage) => ({ passage, subject, book, chapter: index })),
      );
    const order = KEY.fold(split).fold(subject).permutation(candidates.length);
    const chosen = [...order].slice(0, PER_SUBJECT[split]).map((i) => candidates[i]!);
    if (chosen.length < PER_SUBJECT[split]) console.warn(`${split}: only ${chosen.length} passages of ${subject}`);
    chosen.forEach((row, i) => rows.push({ id: `openstax-${split}-${subject}-${i}`, ...row }));
  }
  for (const { passage } of rows) for (const run of shingles(passage)) taken.add(run);
  const order = KEY.fold(split).fold('order').permutation(rows.length);
  writeGz(
    join(DATA, 'openstax-topics', `${split}.jsonl.gz`),
    [...order].map((i) => `${JSON.stringify(rows[i])}\n`).join(''),
  );
  console.log(`${split}: ${rows.length} passages`);
}

const bookDocuments = byPurpose.pretrain.map(({ paragraphs }) =>
  paragraphs.filter((paragraph) => !repeated.has(paragraph)),
);
const wikipediaKey = KEY.fold('wikipedia');
const isHeldOut = articles.map((_, i) => wikipediaKey.fold(i).uniform([1]).item() < WIKIPEDIA_HELD_OUT);
const heldOutChapters = new Set([...KEY.fold('held-out').permutation(bookDocuments.length)].slice(0, 2));
writeGz(
  join(DATA, 'pretraining', 'openstax.txt.gz'),
  documentsToText(bookDocuments.filter((_, i) => !heldOutChapters.has(i))),
);
writeGz(join(DATA, 'pretraining', 'wikipedia.txt.gz'), documentsToText(articles.filter((_, i) => !isHeldOut[i])));
writeGz(
  join(DATA, 'pretraining', 'held-out.txt.gz'),
  documentsToText([
    ...bookDocuments.filter((_, i) => heldOutChapters.has(i)),
    ...articles.filter((_, i) => isHeldOut[i]),
  ]),
);
