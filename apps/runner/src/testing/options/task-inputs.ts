import { folderWith, jsonLines } from '@gmoe/datasets/testing';

const ROWS = 12;
/** Of what is split by a key, so that a tenth of it is a few. */
const MANY = 80;
const rows = (of: (n: number) => object, count = ROWS): string =>
  jsonLines(...Array.from({ length: count }, (_, n) => of(n)));
const lines = (of: (n: number) => string, count = ROWS): string =>
  Array.from({ length: count }, (_, n) => `${of(n)}\n`).join('');
const letters = (word: string, count: number) => Array.from({ length: count }, (_, i) => `${word} ${'vwxyz'[i]}`);
const labelled = (word: string, count: number) => letters(word, count).map((text, i) => ({ label: 'ABCDE'[i]!, text }));

const asked = (word: string, count: number) => (n: number) => ({
  id: `${word}-${n}`,
  answerKey: 'ABCDE'[n % count],
  fact1: 'f',
  question: { stem: `${word} ${n}?`, question_concept: word, choices: labelled(word, count) },
});
const stemmed = (word: string) => (n: number) => ({
  id: `${word}-${n}`,
  answerKey: 'AB'[n % 2],
  question: { stem: `${word} ${n}?`, choices: labelled(word, 4) },
});

/** Files of each published task in its authors' form, made of rows about a word. */
const PUBLISHED: Readonly<Record<string, (word: string) => Readonly<Record<string, string>>>> = {
  boolq: (word) => {
    const of = (n: number) => ({
      question: `is ${word} ${n} right`,
      title: word,
      answer: n % 2 === 0,
      passage: `a ${word} ${n}`,
    });
    return { 'train.jsonl': rows(of), 'dev.jsonl': rows((n) => of(n + 100)) };
  },
  hellaswag: (word) => {
    const of = (n: number) => ({
      ind: n,
      activity_label: word,
      ctx_a: `A ${word} ${n}`,
      ctx_b: 'she',
      ctx: `A ${word} ${n} she`,
      endings: letters(word, 4),
      label: n % 4,
    });
    return { 'hellaswag_train.jsonl': rows(of, MANY), 'hellaswag_val.jsonl': rows((n) => of(n + 100)) };
  },
  piqa: (word) => {
    const of = (n: number) => ({ goal: `to ${word} ${n}`, sol1: 'a chair', sol2: 'a soup' });
    const labels = lines((n) => String(n % 2));
    return {
      'train.jsonl': rows(of),
      'train-labels.lst': labels,
      'valid.jsonl': rows((n) => of(n + 100)),
      'valid-labels.lst': labels,
    };
  },
  siqa: (word) => {
    const of = (n: number) => ({
      context: `${word} ${n}.`,
      question: 'why?',
      answerA: 'x',
      answerB: 'y',
      answerC: 'z',
    });
    const labels = (count = ROWS) => lines((n) => String(1 + (n % 3)), count);
    return {
      'train.jsonl': rows(of, MANY),
      'train-labels.lst': labels(MANY),
      'dev.jsonl': rows((n) => of(n + 100)),
      'dev-labels.lst': labels(),
    };
  },
  winogrande: (word) => {
    const of = (n: number) => ({
      qID: `${word}-${n}`,
      sentence: `Ann saw Bo ${n} as _ left the ${word}.`,
      option1: 'Ann',
      option2: 'Bo',
      answer: String(1 + (n % 2)),
    });
    return { 'train_xl.jsonl': rows(of, MANY), 'dev.jsonl': rows((n) => of(n + 100)) };
  },
  'openstax-topics': (word) => {
    const of = (n: number) => ({
      id: `${word}-${n}`,
      passage: `${word} ${n}`,
      subject: n % 2 === 0 ? 'anatomy' : 'physics',
      book: 'b',
    });
    return { 'train.jsonl': rows(of), 'dev.jsonl': rows((n) => of(n + 100)), 'test.jsonl': rows((n) => of(n + 200)) };
  },
  'arc-challenge': (word) => ({
    'ARC-Challenge-Train.jsonl': rows(stemmed(word)),
    'ARC-Challenge-Dev.jsonl': rows(stemmed(`${word} dev`)),
    'ARC-Challenge-Test.jsonl': rows(stemmed(`${word} test`)),
  }),
  'arc-easy': (word) => ({
    'ARC-Easy-Train.jsonl': rows(stemmed(word)),
    'ARC-Easy-Dev.jsonl': rows(stemmed(`${word} dev`)),
    'ARC-Easy-Test.jsonl': rows(stemmed(`${word} test`)),
  }),
  commonsenseqa: (word) => ({
    'train_rand_split.jsonl': rows(asked(word, 5), MANY),
    'dev_rand_split.jsonl': rows(asked(`${word} dev`, 5)),
  }),
  openbookqa: (word) => ({
    'train.jsonl': rows(stemmed(word)),
    'dev.jsonl': rows(stemmed(`${word} dev`)),
    'test.jsonl': rows(stemmed(`${word} test`)),
  }),
  qasc: (word) => ({ 'train.jsonl': rows(asked(word, 5), MANY), 'dev.jsonl': rows(asked(`${word} dev`, 5)) }),
  cola: (word) => ({
    'in_domain_train.tsv': lines((n) => `gj04\t${n % 2}\t\tThe ${word} ${n}.`),
    'in_domain_dev.tsv': lines((n) => `gj04\t${n % 2}\t\tA ${word} ${n}.`),
  }),
  sst2: (word) => ({
    'train.tsv': `sentence\tlabel\n${lines((n) => `the ${word} ${n}\t${n % 2}`)}`,
    'dev.tsv': `sentence\tlabel\n${lines((n) => `a ${word} ${n}\t${n % 2}`)}`,
  }),
  subj: (word) => ({
    'quote.tok.gt9.5000': lines((n) => `quote ${word} ${n}`),
    'plot.tok.gt9.5000': lines((n) => `plot ${word} ${n}`),
  }),
  trec: (word) => ({
    'train_5500.label': lines((n) => `${n % 2 === 0 ? 'NUM:count' : 'HUM:ind'} the ${word} ${n} ?`),
    'TREC_10.label': lines((n) => `LOC:city a ${word} ${n} ?`),
  }),
};

const turns = (word: string, n: number) => [
  { role: 'user', content: `${word} ${n}?` },
  { role: 'assistant', content: 'yes' },
];
const row = (word: string) => (n: number) => ({
  text: `${word} ${n}`,
  label: n % 2 === 0 ? 'A' : 'B',
  other: n % 2 === 0 ? 'B' : 'A',
  question: `${word} ${n}?`,
  context: `about ${word}`,
  choices: ['A', 'B', `${word}`],
  choices2: ['A', 'B', `not ${word}`],
  answer: n % 2 === 0 ? 'A' : 'B',
  number: 1 + (n % 2),
  prompt: `${word} ${n} is`,
  key: `key-${n}`,
  about: 'things',
  messages: turns(word, n),
  messages2: turns(`not ${word}`, n),
});

/** Files that tasks over a user's own data read. */
const own = (word: string) => ({
  'rows.jsonl': rows(row(word)),
  'more.jsonl': rows((n) => row(`more ${word}`)(n + 100)),
  'rows.txt': rows(row(word)),
  'rows.csv': `text,label,question,choices,answer,prompt,messages\n${lines((n) => csvLine(row(word)(n)))}`,
});
const csvLine = ({ text, label, question, choices, answer, prompt, messages }: ReturnType<ReturnType<typeof row>>) =>
  [text, label, question, JSON.stringify(choices), answer, prompt, JSON.stringify(messages)]
    .map((value) => `"${value.replaceAll('"', '""')}"`)
    .join(',');

/** A folder with a task's files about a word; a new one at each call. */
export const taskFolder = (id: string, word: string): string => folderWith((PUBLISHED[id] ?? own)(word));
