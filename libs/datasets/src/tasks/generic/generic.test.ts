import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createTask, folderWith, jsonLines } from '../../testing/task-files.js';

const parquet = fileURLToPath(new URL('../../testing/questions.parquet', import.meta.url));

/** A task whose test split is one small file; train is another. */
const classification = (test: string | Uint8Array, options: object = {}, name = 'test.csv') =>
  createTask('classification', {
    dataDir: folderWith({
      [name]: test,
      'train.jsonl': jsonLines({ text: 't', label: 'x' }, { text: 'u', label: 'y' }),
    }),
    trainFile: 'train.jsonl',
    testFile: name,
    ...options,
  });
const questions = (test: string | Uint8Array, options: object = {}, name = 'test.csv') =>
  createTask('multiple-choice', {
    dataDir: folderWith({ [name]: test }),
    trainFile: name,
    testFile: name,
    ...options,
  });

describe('classification', () => {
  it('reads CSV with a byte order mark, CRLF, quotes and line breaks inside of values', () => {
    const csv = '\uFEFFtext,label\r\n"He said ""no"", twice",y\r\n\r\n"over\r\ntwo lines",x\r\n';
    const task = classification(csv);
    expect(task.classes).toEqual(['x', 'y']);
    expect(task.load('test')).toEqual([
      { id: 'test.csv-0', prompt: 'He said "no", twice\nLabel:', options: [' x', ' y'], answer: 1 },
      { id: 'test.csv-1', prompt: 'over\r\ntwo lines\nLabel:', options: [' x', ' y'], answer: 0 },
    ]);
  });

  it('reads Latin-1, TSV with plain quotes, and gzip', () => {
    const latin = classification(Buffer.from('text,label\ncaf\u00e9,x\n', 'latin1'));
    expect(latin.load('test')[0]!.prompt).toBe('caf\u00e9\nLabel:');
    expect(latin.origin('test').encodings).toEqual(['latin-1']);
    const tsv = classification('text\tlabel\na "b\tx\n', {}, 'test.tsv');
    expect(tsv.load('test')[0]!.prompt).toBe('a "b\nLabel:');
    const gz = classification(gzipSync('{"text": "t2", "label": "y"}\n'), {}, 'test.jsonl.gz');
    expect(gz.load('test')[0]).toMatchObject({ prompt: 't2\nLabel:', answer: 1 });
  });

  it.each([
    ['text', 'sad'],
    ['letter', 'B'],
    ['letter', 'b'],
    ['zero-based', '1'],
    ['one-based', '2'],
  ])('labels as %s', (labels, label) => {
    const task = createTask('classification', {
      dataDir: folderWith({ 'all.csv': `body,mood,where\nwell,${label},home\n` }),
      trainFile: 'all.csv',
      testFile: 'all.csv',
      columns: { text: 'body', label: 'mood', domain: 'where', id: 'body' },
      labels,
      classes: ['glad', 'sad'],
      prompt: 'Mood of "{text}":',
    });
    expect(task.load('test')).toEqual([
      { id: 'well', prompt: 'Mood of "well":', options: [' glad', ' sad'], answer: 1, domain: 'home' },
    ]);
  });

  it.each([
    ['text,label\na,x\nb,z\n', {}, /test\.csv:3: label: must be one of x, y \(labels: text\) \(got "z"\)/],
    [
      'text,label\na,3\n',
      { labels: 'one-based', classes: ['x', 'y'] },
      /test\.csv:2: label: must be 1 to 2 \(labels: one-based\) \(got "3"\)/,
    ],
    [
      'text,label\na,1.5\n',
      { labels: 'zero-based', classes: ['x', 'y'] },
      /test\.csv:2: label: must be 0 to 1 .*\(got "1\.5"\)/,
    ],
    [
      'text,label\na,\n',
      { labels: 'zero-based', classes: ['x', 'y'] },
      /test\.csv:2: label: must be 0 to 1 .*\(got ""\)/,
    ],
    ['words,label\na,x\n', {}, /test\.csv:2: text: no such column; the row has words, label \(got nothing\)/],
    ['text,label\na,x,more\n', {}, /test\.csv:2: not CSV: /],
    ['text,text\na,x\n', {}, /test\.csv:1: names the column 'text' twice/],
    [`text${','.repeat(20_000)}\na\n`, {}, /test\.csv:1: names 20001 columns, at most 10000 are read/],
  ])('names file, line, column and value: %j', (csv, options, message) => {
    expect(() => classification(csv, options).load('test')).toThrow(message);
  });

  it('drops and counts empty texts; carves dev and test of one file, every row in one of them', () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ text: `t${i}`, label: i % 3 }));
    const task = createTask('classification', {
      dataDir: folderWith({ 'all.jsonl': jsonLines(...rows, { text: ' ', label: 0 }) }),
      trainFile: 'all.jsonl',
    });
    const ids = (['train', 'dev', 'test'] as const).map((split) => task.load(split).map(({ id }) => id));
    expect(new Set(ids.flat()).size).toBe(200);
    expect(ids.flat().length).toBe(200);
    for (const held of ids.slice(1)) expect(Math.abs(held.length - 20)).toBeLessThan(15);
    expect(task.origin('train').dropped).toEqual({ 'empty question': 1 });
    expect(task.classes).toEqual(['0', '1', '2']);
    expect(task.load('train').every(({ id, answer }) => answer === Number(id.split('-')[1]) % 3)).toBe(true);
  });

  it('divides few rows by count, every class in every split', () => {
    const file = (labels: string) =>
      createTask('classification', {
        dataDir: folderWith({ 'few.jsonl': jsonLines(...[...labels].map((label, i) => ({ text: `t${i}`, label }))) }),
        trainFile: 'few.jsonl',
      });
    const counts = (labels: string) => {
      const task = file(labels);
      return (['train', 'dev', 'test'] as const).map((split) =>
        task.classes!.map((_, c) => task.load(split).filter(({ answer }) => answer === c).length).join(),
      );
    };
    expect(counts('aaaabbbb')).toEqual(['2,2', '1,1', '1,1']);
    expect(counts('a'.repeat(24) + 'bbb')).toEqual(['20,1', '2,1', '2,1']);
    expect(counts('aab').map((each) => each.split(',').reduce((sum, n) => sum + Number(n), 0))).toEqual([1, 1, 1]);
    expect(() => file('ab').load('dev')).toThrow(
      'task: 2 examples make no train, dev, test splits; name task.devFile and task.testFile, or add rows',
    );
  });

  it('takes a test file alone', () => {
    const dataDir = folderWith({ 'only.csv': 'text,label\na,x\nb,y\n' });
    const task = createTask('classification', { dataDir, testFile: 'only.csv' });
    expect(task.load('test').map(({ answer }) => answer)).toEqual([0, 1]);
    expect(task.source).toBe('only.csv; splits as published');
    expect(() => task.load('train')).toThrow('task.trainFile: names no file');
    expect(() => task.load('dev')).toThrow('task.devFile: names no file');
    expect(() => createTask('classification')).toThrow(
      'task.trainFile: names no file, and neither do devFile and testFile',
    );
  });

  it.each([
    ['text;label\na;x\n', { delimiter: ';' }],
    ['sep=;\r\ntext;label\r\na;x\r\n', {}],
    ['text\tlabel\na\tx\n', { delimiter: '\t' }],
    ['text,label,,\na,x,,\n', {}],
    [Buffer.from('\uFEFFtext,label\na,x\n', 'utf16le'), {}],
    [Buffer.from('\uFEFFtext,label\na,x\n', 'utf16le').swap16(), {}],
  ])('reads %j', (csv, options) => {
    expect(classification(csv, options).load('test')).toMatchObject([{ prompt: 'a\nLabel:', answer: 0 }]);
  });

  it.each([
    ['text;label\na;x\n', {}, `test.csv:1: has one column, 'text;label': separated by ";"? set task.delimiter: ";"`],
    ['text\tlabel\na\tx\n', {}, `test.csv:1: has one column, 'text\tlabel': separated by "\\t"? set task.delimiter`],
    [
      Buffer.concat([Buffer.from('text,label\ncafé,x\nbad caf'), Buffer.from([0xe9]), Buffer.from(',y\n北京,x\n')]),
      {},
      'test.csv:3: byte 0xE9 is not UTF-8, while 2 other lines are',
    ],
    [Buffer.from('text,label\na,x\n', 'utf16le'), {}, 'test.csv:1: holds a NUL byte'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:4d\n', {}, 'is a Git LFS pointer, not the file itself'],
  ])('refuses %j', (csv, options, message) => {
    expect(() => classification(csv, options).load('test')).toThrow(message);
  });

  it('refuses a delimiter for JSON lines', () => {
    expect(() => createTask('classification', { trainFile: 'x.jsonl', delimiter: ';' })).toThrow(
      'task.delimiter: applies to CSV and TSV; the files are jsonl; leave it out',
    );
  });

  it('refuses options that do not go together', () => {
    const options = (more: object) => () => createTask('classification', { trainFile: 'x.csv', ...more });
    expect(options({ labels: 'letter' })).toThrow(/must name the classes, since labels is not 'text'/);
    expect(options({ classes: ['a', 'a'] })).toThrow(/names a class twice/);
    expect(options({ prompt: 'Label:' })).toThrow(/must hold \{text\}/);
    expect(options({ prompt: '{text} {label}' })).toThrow(/holds \{label\}; placeholders are \{text\}/);
    expect(() => options({})().load('train')).toThrow(/task\.trainFile: x\.csv: no such file/);
    const dataDir = folderWith({ 'a.xlsx': '', 'one.csv': 'text,label\na,x\n' });
    expect(() => options({ dataDir, trainFile: 'a.xlsx' })().load('train')).toThrow(
      /task\.trainFile: a\.xlsx ends with none of \.jsonl, \.csv, \.tsv, \.parquet, \.json, \.ndjson; set task\.format/,
    );
    expect(() => options({ dataDir, trainFile: 'one.csv' })().load('train')).toThrow(
      /'label' of one\.csv has 1 distinct values; a classification needs 2 to 26/,
    );
  });
});

describe('multiple-choice', () => {
  it('takes a column for each choice, a list, a list as JSON, and {label, text}', () => {
    const want = { options: [' A', ' B', ' C'], answer: 2 };
    const columns = { columns: { choices: ['a', 'b', 'c'] } };
    expect(questions('question,a,b,c,answer\nq,1,2,3,C\n', columns).load('test')[0]).toMatchObject({
      ...want,
      prompt: 'Please choose the correct answer to the question: q (A) 1 (B) 2 (C) 3\nAnswer:',
    });
    expect(questions('question,choices,answer\nq,"[""1"",""2"",""3""]",c\n').load('test')[0]).toMatchObject(want);
    const jsonl = (row: object, options: object = {}) =>
      questions(jsonLines(row), options, 'test.jsonl').load('test')[0];
    expect(jsonl({ question: 'q', choices: ['1', '2', '3'], answer: 3 }, { labels: 'one-based' })).toMatchObject(want);
    expect(jsonl({ question: 'q', choices: ['1', '2', '3'], answer: 2 }, { labels: 'zero-based' })).toMatchObject(want);
    expect(jsonl({ question: 'q', choices: ['1', '2', '3'], answer: '3' }, { labels: 'text' })).toMatchObject(want);
    expect(
      jsonl(
        {
          question: { stem: 'q', choices: ['7', '8', '9'].map((label, i) => ({ label, text: String(i) })) },
          key: '9',
          passage: 'p.',
        },
        { columns: { question: 'question.stem', choices: 'question.choices', answer: 'key', context: 'passage' } },
      ),
    ).toMatchObject({
      ...want,
      prompt: 'Please choose the correct answer to the question: p. q (A) 0 (B) 1 (C) 2\nAnswer:',
    });
  });

  it('leaves out choices that are empty at the end; a question with an empty one before is dropped', () => {
    const csv =
      'question,a,b,c,d,answer\nplus?,3,4,5,,B\nCapital?,Paris,Rome,,,A\nSky?,red,blue,green,grey,B\ngap?,x,,y,,A\n';
    const task = questions(csv, { columns: { choices: ['a', 'b', 'c', 'd'] } });
    expect(task.load('test').map(({ options }) => options.length)).toEqual([3, 2, 4]);
    expect(task.load('test')[1]!.prompt).toMatch(/\(A\) Paris \(B\) Rome\nAnswer:$/);
    expect(task.origin('test').dropped).toEqual({ 'empty choice': 1 });
    const row = { question: 'q', a: 'x', b: 'y', c: null, d: null, answer: 'B' };
    const columns = { choices: ['a', 'b', 'c', 'd'] };
    expect(questions(jsonLines(row), { columns }, 'test.jsonl').load('test')[0]!.options).toEqual([' A', ' B']);
  });

  it.each(['B', 'b', '(B)', 'B.', 'B)', '[B]', 'B:', 'B. two', '(b) two'])('takes the answer %j', (answer) => {
    const row = { question: 'q', choices: ['one', 'two'], answer };
    expect(questions(jsonLines(row), {}, 'test.jsonl').load('test')[0]!.answer).toBe(1);
  });

  it('takes choices that are numbers', () => {
    const row = { question: '2+2?', choices: [3, 4, 5], answer: 1 };
    const options = { labels: 'zero-based', answers: 'text' };
    expect(questions(jsonLines(row), options, 'test.jsonl').load('test')[0]).toMatchObject({
      options: [' 3', ' 4', ' 5'],
      answer: 1,
    });
  });

  it('reads parquet: nested choices, letters of their own, three to five options', async () => {
    const options = { trainFile: parquet, testFile: parquet, columns: { id: 'id', answer: 'answerKey' } };
    const task = createTask('multiple-choice', options);
    await task.prepare!();
    expect(task.load('test').map(({ id, answer, options: each }) => [id, answer, each.length])).toEqual([
      ['q-0', 1, 3],
      ['q-1', 1, 4],
      ['q-2', 4, 5],
    ]);
    expect(task.load('test')[1]!.prompt).toContain('Wie hei\u00dft der gr\u00f6\u00dfte Planet? (A) Mars (B) Jupiter');
    const numbered = createTask('multiple-choice', { ...options, columns: { answer: 'index' }, labels: 'zero-based' });
    await numbered.prepare!();
    expect(numbered.load('test').map(({ answer }) => answer)).toEqual([1, 1, 4]);
    await expect(
      createTask('multiple-choice', {
        dataDir: folderWith({ 'bad.parquet': 'no parquet' }),
        trainFile: 'bad.parquet',
      }).prepare!(),
    ).rejects.toThrow(/bad\.parquet: cannot be read as parquet/);
  });

  it('a test file that is the training file leaves nothing to train on', () => {
    const csv = 'question,choices,answer\nq,"[""1"",""2""]",A\nr,"[""1"",""2""]",A\n';
    expect(() => questions(csv).load('train')).toThrow(
      'task: the train split has no example: all 1 are in dev or test too',
    );
  });

  it('asks for the text of a choice, in the user’s words', () => {
    const task = questions('question,choices,answer\nq,"[""one"",""two""]",B\n', {
      answers: 'text',
      prompt: 'Q: {question}\nA:',
    });
    expect(task.load('test')[0]).toMatchObject({ prompt: 'Q: q\nA:', options: [' one', ' two'], answer: 1 });
    const empty = questions('question,choices,answer\nq,"["""",""two""]",B\nr,"[""a"",""b""]",B\n', {
      answers: 'text',
    });
    expect(empty.load('test').length).toBe(1);
    expect(empty.origin('test').dropped).toEqual({ 'empty choice': 1 });
  });

  it.each([
    [
      'question,choices,answer\nq,one,B\n',
      /test\.csv:2: choices: must hold a list of choices, in CSV as JSON \(got "one"\)/,
    ],
    ['question,choices,answer\nq,"[""one""]",A\n', /test\.csv:2: choices: must hold 2 to 26 choices \(got \["one"\]\)/],
    ['question,choices,answer\nq,"[1, {}]",A\n', /test\.csv:2: choices: must hold a list of texts/],
    [
      `question,choices,answer\nq,"['1', '2']",A\n`,
      /test\.csv:2: choices: must hold a list of choices, in CSV as JSON: this one was written by Python; write it with json\.dumps/,
    ],
    ['question,choices,answer\nq,"[""x"",""y""]",B. x\n', /test\.csv:2: answer: must be one of A, B .*\(got "B\. x"\)/],
    ['question,choices,answer\nq,"[""1"",""2""]",C\n', /test\.csv:2: answer: must be one of A, B .*\(got "C"\)/],
  ])('names file, line, column and value: %j', (csv, message) => {
    expect(() => questions(csv).load('test')).toThrow(message);
  });
});
