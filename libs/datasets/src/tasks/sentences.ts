import { tsvRows } from '../files/delimited.js';
import { labelledLineRows } from '../files/labelled-lines.js';
import { rowError, type Row } from '../files/row.js';
import { numberedLines } from '../files/text-file.js';
import type { HubLayout } from '../splits/hub-files.js';
import type { Layout } from '../splits/layout.js';
import { taskOptions, type TaskComponent } from '../task.js';
import { publishedTask } from './published-task.js';

interface SentenceTask {
  readonly id: string;
  readonly description: string;
  /** Name of each class by its label in the files, in the order of the options. */
  readonly classes: Readonly<Record<string, string>>;
  /** What the prompt asks for behind the sentence. */
  readonly asks: string;
  readonly layouts: readonly [Layout, ...Layout[]];
  readonly hub?: HubLayout;
}

/** GLUE's columns on the hub. */
const glue = (name: string): HubLayout => ({
  configurations: [name],
  values: ({ sentence, label }) => ({ text: sentence, label: String(label) }),
});

/** The coarse classes of TREC in the order of the hub's numbers. */
const TREC_NUMBERS = ['ABBR', 'ENTY', 'DESC', 'HUM', 'LOC', 'NUM'];

/** A sentence and its class; the prompt is `SENTENCE\nASKS:`. Rows have `text` and `label`. */
function sentenceTask({ id, description, classes, asks, layouts, hub }: SentenceTask): TaskComponent {
  const labels = Object.keys(classes);
  const names = Object.values(classes);
  return publishedTask({
    id,
    description,
    kind: 'classification',
    classes: names,
    options: taskOptions,
    layouts,
    ...(hub ? { hub } : {}),
    toExample(row, index) {
      const { label, text } = row.values;
      if (typeof text !== 'string') throw rowError(row, 'text', 'must be text', text);
      if (typeof label !== 'string') throw rowError(row, 'label', 'must be text', label);
      const answer = labels.indexOf(label);
      if (answer < 0) throw rowError(row, 'label', `must be one of ${labels.join(', ')}`, label);
      if (text.trim() === '') return { dropped: 'empty question' };
      return {
        id: `${id}-${row.file}-${index}`,
        prompt: `${text.trim()}\n${asks}:`,
        options: names.map((name) => ` ${name}`),
        answer,
      };
    },
  });
}

/** TREC: what kind of thing a question asks for, six coarse classes; Latin-1 (Li and Roth 2002). */
export const trecTask = sentenceTask({
  id: 'trec',
  description: 'TREC: what kind of thing does a question ask for? (Li and Roth 2002)',
  classes: {
    ABBR: 'abbreviation',
    DESC: 'description',
    ENTY: 'entity',
    HUM: 'person',
    LOC: 'location',
    NUM: 'number',
  },
  asks: 'Asks for',
  hub: {
    test: true,
    values: ({ text, coarse_label }) => ({ text, label: TREC_NUMBERS[Number(coarse_label)] ?? String(coarse_label) }),
  },
  layouts: [
    {
      files: { train: ['train_5500.label', 'TREC.train'], test: ['TREC_10.label', 'TREC.test'] },
      rows: (file) => labelledLineRows(file).map((row) => relabelled(row, String(row.values['label']).split(':')[0]!)),
    },
  ],
});

/** SST-2: is a film review's sentence positive? GLUE's files, or the sentences of sent-conv (Socher et al. 2013). */
export const sst2Task = sentenceTask({
  id: 'sst2',
  description: "SST-2: is a film review's sentence positive? (Socher et al. 2013)",
  classes: { 0: 'negative', 1: 'positive' },
  asks: 'Sentiment',
  hub: glue('sst2'),
  layouts: [
    {
      files: { train: ['train.tsv', 'glue-train.tsv'], dev: ['dev.tsv'] },
      rows: (file) =>
        tsvRows(file).map((row) => ({ ...row, values: { text: row.values['sentence'], label: row.values['label'] } })),
    },
    {
      files: { train: ['stsa.binary.train'], dev: ['stsa.binary.dev'], test: ['stsa.binary.test'] },
      rows: labelledLineRows,
    },
  ],
});

/** SUBJ: is a sentence a review's opinion or a film's plot? One file of each, or sent-conv's; Latin-1 (Pang and Lee 2004). */
export const subjTask = sentenceTask({
  id: 'subj',
  description: "SUBJ: a review's opinion or a film's plot? (Pang and Lee 2004)",
  classes: { 0: 'subjective', 1: 'objective' },
  asks: 'This is',
  layouts: [
    {
      files: { train: [['quote.tok.gt9.5000', 'plot.tok.gt9.5000']] },
      rows: (file) =>
        numberedLines(file.text).map(({ line, text }) => ({
          file: file.name,
          line,
          values: { text, label: file.name.startsWith('quote') ? '0' : '1' },
        })),
    },
    { files: { train: ['subj.all', 'subj.train'] }, rows: labelledLineRows },
  ],
});

const COLA_COLUMNS = ['source', 'label', 'note', 'text'];

/** CoLA: is a sentence grammatical? The authors' files, in-domain, or GLUE's (Warstadt et al. 2019). */
export const colaTask = sentenceTask({
  id: 'cola',
  description: 'CoLA: is a sentence grammatical? (Warstadt et al. 2019)',
  classes: { 0: 'wrong', 1: 'right' },
  asks: 'Grammar',
  hub: glue('cola'),
  layouts: [
    {
      files: { train: ['in_domain_train.tsv', 'train.tsv'], dev: ['in_domain_dev.tsv', 'dev.tsv'] },
      rows: (file) => tsvRows(file, COLA_COLUMNS),
    },
  ],
});

const relabelled = (row: Row, label: string): Row => ({ ...row, values: { ...row.values, label } });
