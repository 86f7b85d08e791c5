import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadSweep, planSweep, planStatus, SweepStore } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { schema } from './components.js';
import { writeTinyBase, writeTinyData } from './testing/options/tiny-inputs.js';
import { gmoeHere, setUpGmoe } from './testing/run-gmoe.js';

interface Report {
  readonly task: string;
  readonly splits: readonly {
    readonly split: string;
    readonly rows: number;
    readonly examples: number;
    readonly dropped: Record<string, number>;
    readonly tokens: { readonly truncated: number };
    readonly sha256: string;
  }[];
}

describe('gmoe data, and the tasks of a user’s own files', () => {
  const { gmoe, folder, program } = setUpGmoe();

  /** A folder with a trial in a file, and a tiny base and rows that it names by relative paths. */
  async function writeOwn(name: string, labels?: readonly string[]): Promise<string> {
    const own = join(folder(), name);
    writeTinyData(own);
    if (labels) {
      const rows = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 'xx' : 'y'} ${i},${labels[i % labels.length]}\n`);
      writeFileSync(join(own, 'rows.csv'), `text,label\n${rows.join('')}`);
    }
    await writeTinyBase(join(own, 'base'));
    const trial = {
      base: 'base',
      task: { id: 'classification', dataDir: '.', trainFile: 'rows.csv' },
      adapter: { lora: { rank: 2, alpha: 4 }, mixture: null },
      training: { steps: 2, batchSize: 2, sequenceLength: 32 },
      schedule: { warmupSteps: 1 },
      evaluation: { batchSize: 2, sequenceLength: 32 },
    };
    writeFileSync(join(own, 'trial.yaml'), JSON.stringify(trial));
    writeFileSync(join(own, 'sweep.yaml'), JSON.stringify({ name: 'own', trial, seeds: 1 }));
    return join(own, 'trial.yaml');
  }

  it('reports on a bundled task, in numbers of its file', async () => {
    const { code, stdout } = await gmoe(['data', '--task', 'openstax-topics', '--format', 'json']);
    expect(code).toBe(0);
    const [report] = JSON.parse(stdout) as Report[];
    const rows = gunzipSync(readFileSync('libs/datasets/data/openstax-topics/dev.jsonl.gz'))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { passage: string; subject: string });
    const subjects = ['anatomy', 'astronomy', 'chemistry', 'microbiology', 'physics', 'psychology'];
    const hash = createHash('sha256');
    for (const { passage, subject } of rows) {
      const options = subjects.map((name) => ` ${name}`);
      hash.update(`${JSON.stringify([`${passage}\nSubject:`, options, subjects.indexOf(subject)])}\n`);
    }
    expect(report!.splits[1]).toMatchObject({
      split: 'dev',
      rows: rows.length,
      examples: rows.length,
      dropped: {},
      sha256: hash.digest('hex'),
    });
  });

  it('reports on the task of a file, with what is cut at its sequence length', async () => {
    const run = (args: string[]) => gmoeHere(['data', 'experiments/tasks/own-classification.yaml', ...args]);
    const { stdout } = await run([]);
    expect(stdout).toMatch(/^classification \(classification\): passages-train\.csv; a tenth of train as dev$/m);
    expect(stdout).toMatch(/^test +120 +120 +0 /m);
    const cut = await run(['--sequence-length', '60', '--format', 'json']);
    const [report] = JSON.parse(cut.stdout) as Report[];
    expect(report!.splits.map(({ tokens, examples }) => tokens.truncated / examples > 0.9)).toEqual([true, true, true]);
  });

  it('says which labels the scoring cannot tell apart, as the plan does', async () => {
    const file = await writeOwn('numbers', ['0', '1']);
    const collision = /example rows\.csv-\d+: two options start with the same token, .*; use log-likelihood$/m;
    const told = await gmoeHere(['data', file]);
    expect(told.stdout).toMatch(new RegExp(`^cannot be scored: ${collision.source}`, 'm'));
    expect(told.code).toBe(0);
    const { stdout } = await gmoeHere(['data', file, '--format', 'json']);
    expect((JSON.parse(stdout) as { unscored?: string }[])[0]!.unscored).toMatch(collision);
    expect((await gmoeHere(['train', file, '--out', join(folder(), 'none')])).stderr).toMatch(collision);
    const byText = await gmoeHere(['data', file, '--set', 'evaluation.scoring=log-likelihood']);
    expect(byText.stdout).not.toContain('cannot be scored');
  });

  it('a row longer than the positions of the base is refused before training, and none is missed where none is so long', async () => {
    const file = await writeOwn('positions');
    const at = (section: string) => ['--set', `${section}.sequenceLength=300`];
    const train = ['train', file, '--out', join(folder(), 'positions-out')];
    expect((await gmoeHere([...train, ...at('training'), ...at('evaluation')])).code).toBe(0);
    const rows = join(dirname(file), 'rows.csv');
    writeFileSync(rows, readFileSync(rows, 'utf8').replaceAll(/^[xyz]+/gm, 'z'.repeat(150)));
    for (const [section, needless] of [
      ['training', 'evaluation'],
      ['evaluation', 'training'],
    ] as const) {
      const { code, stderr } = await gmoeHere([...train, ...at(section)]);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        new RegExp(
          `: ${section}.sequenceLength: must be at most 128, the base's max_position_embeddings: example 'rows.csv-\\d+' has 1\\d\\d tokens \\(got 300\\)$`,
          'm',
        ),
      );
      expect(stderr).not.toContain(needless);
    }
    const own = ['--data', dirname(file), '--set', 'task.trainFile=rows.csv', '--scoring', 'log-likelihood'];
    const evaluation = ['eval', '--base', join(dirname(file), 'base'), '--task', 'classification', ...own];
    expect((await gmoeHere([...evaluation, '--split', 'train'])).stderr).toMatch(
      /--sequence-length: must be at most 128/,
    );
    expect((await gmoeHere([...evaluation, '--split', 'train', '--sequence-length', '128'])).code).toBe(0);
  });

  it('a metric that the scoring does not give is refused before training, with the one that was meant; in a folder of any script', async () => {
    const file = await writeOwn('dossier é 模型');
    const own = join(dirname(file), 'sweep.yaml');
    const wrong = (field: string) =>
      new RegExp(
        `${field}: evaluation.scoring 'label-token' does not give it; did you mean 'eval/accuracy'\\? known: .*\\(got "eval/acuracy"\\)`,
      );
    const evaluated = ['--set', 'trial.training.evalEvery=1', '--out', join(folder(), 'metrics')];
    const refused = async (set: string, field: string) => {
      const { code, stderr } = await gmoeHere(['plan', own, ...evaluated, '--set', set]);
      expect(code).toBe(2);
      expect(stderr).toMatch(wrong(field));
    };
    await refused('trial.training.best.metric=eval/acuracy', 'training.best.metric');
    await refused('stopping={id: asha, rungs: [1], metric: eval/acuracy}', 'stopping.metric');
    expect((await gmoeHere(['plan', own, ...evaluated])).code).toBe(0);
  });

  it('a data file that is not there is refused at the plan, and the same command goes on once it is', async () => {
    const file = await writeOwn('missing');
    const [rows, out] = [join(dirname(file), 'rows.csv'), join(folder(), 'missing-out')];
    renameSync(rows, `${rows}-away`);
    for (const args of [
      ['plan', join(dirname(file), 'sweep.yaml'), '--out', out],
      ['sweep', join(dirname(file), 'sweep.yaml'), '--out', out],
      ['train', file, '--out', out],
      ['data', file],
    ]) {
      const { code, stderr } = await gmoeHere(args);
      expect([code, stderr.trim().split('\n').length], stderr).toEqual([2, 1]);
      expect(stderr).toMatch(/rows\.csv: (is missing|no such file|cannot be read)/);
      expect(existsSync(out)).toBe(false);
    }
    renameSync(`${rows}-away`, rows);
    expect(await gmoeHere(['train', file, '--out', out])).toMatchObject({ code: 0, stderr: '' });
  });

  it('an edited file or other weights make another trial; the same contents elsewhere do not', async () => {
    const file = await writeOwn('contents');
    const hash = async (at = file) => {
      const { stdout } = await gmoeHere(['plan', join(dirname(at), 'sweep.yaml'), '--out', join(folder(), 'none')]);
      return /^ +([0-9a-f]{16}) +seed 0 +todo$/m.exec(stdout)![1]!;
    };
    const first = await hash();
    expect(await hash(await writeOwn('moved'))).toBe(first);
    const rows = join(dirname(file), 'rows.csv');
    const before = readFileSync(rows, 'utf8');
    // As long as before.
    writeFileSync(rows, before.replace('alpha', 'gamma'));
    const edited = await hash();
    expect(edited).not.toBe(first);
    await writeTinyBase(join(dirname(file), 'base'), 99);
    const swapped = await hash();
    expect([first, edited]).not.toContain(swapped);
    writeFileSync(rows, before);
    await writeTinyBase(join(dirname(file), 'base'));
    expect(await hash()).toBe(first);
  });

  it('a worker whose base is not the one that was planned, as an old copy on a disk of its own, leaves the trials open', async () => {
    const own = dirname(await writeOwn('stale'));
    const folderOf = join(folder(), 'stale-sweep');
    const store = SweepStore.create(folderOf, planSweep(loadSweep(join(own, 'sweep.yaml')), { schema }));
    await writeTinyBase(join(own, 'base'), 99);
    const { code, stderr } = await gmoeHere(['worker', '--store', folderOf]);
    expect(stderr).toMatch(
      /^gmoe: base: .* changed since .* \(sha256 [0-9a-f]{12} then, [0-9a-f]{12} now\); [^\n]*\n$/,
    );
    expect(code).toBe(2);
    expect(planStatus(store).counts).toMatchObject({ todo: 1, failed: 0 });
    await writeTinyBase(join(own, 'base'));
    expect(await gmoeHere(['worker', '--store', folderOf])).toMatchObject({ code: 0 });
    expect(planStatus(store).counts).toMatchObject({ finished: 1, failed: 0 });
  });

  it('a worker in another folder finds what the sweep names; where that is missing the trials stay open', async () => {
    const own = dirname(await writeOwn('inputs'));
    const plan = planSweep(loadSweep(join(own, 'sweep.yaml')), { schema });
    const store = SweepStore.create(join(folder(), 'sweep'), plan);
    const cwd = mkdtempSync(join(folder(), 'elsewhere-'));
    const args = [resolve(program()), 'worker', '--store', join('..', 'sweep')];
    const worker = () => spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    renameSync(own, `${own}-away`);
    const { status, stdout, stderr } = worker();
    expect(stdout + stderr).toContain(join(own, 'base'));
    expect(status).not.toBe(0);
    expect(planStatus(store).counts).toMatchObject({ todo: 1, failed: 0 });
    renameSync(`${own}-away`, own);
    expect(worker()).toMatchObject({ status: 0 });
    expect(planStatus(store).counts).toMatchObject({ finished: 1, failed: 0, todo: 0 });
  });

  it('wrong input is one line: neither file nor task, a task without its files, a malformed row', async () => {
    const line = async (args: string[]) => {
      const { code, stderr } = await gmoeHere(args);
      expect(code).toBe(2);
      expect(stderr.trim().split('\n').length).toBe(1);
      return stderr.trim();
    };
    expect(await line(['data'])).toBe('gmoe: gmoe data: name either a file or --task ID');
    expect(await line(['data', '--task', 'cola'])).toMatch(
      /'cola' is not bundled: .*\(--data DIR\): in_domain_train\.tsv/,
    );
    for (const command of [
      ['train', 'experiments/tasks/boolq.yaml'],
      ['sweep', 'experiments/quickstart.yaml', '--dry-run'],
    ]) {
      expect(await line([...command, '--data', '/no/such, folder'])).toMatch(
        /task\.dataDir: is no folder \(got "\/no\/such, folder"\)$/,
      );
    }
    writeFileSync(join(folder(), 'my.csv'), 'text,label\na,x\nb,y\n');
    expect(
      await line(['eval', '--task', 'openstax-topics', '--limit', '1', '--out', join(folder(), 'my.csv')]),
    ).toMatch(/--out: .*my\.csv: cannot be made a folder: EEXIST/);
    writeFileSync(join(folder(), 'bad.csv'), 'text,label\nc,x\nd,w\n');
    const own = [
      '--task',
      'classification',
      '--data',
      folder(),
      '--set',
      'task.trainFile=my.csv',
      '--set',
      'task.testFile=bad.csv',
    ];
    expect(await line(['eval', ...own])).toBe('gmoe: bad.csv:3: label: must be one of x, y (labels: text) (got "w")');
  });

  it('eval scores a user’s own questions by label, by likelihood of the choices and by what is generated', async () => {
    const questions = [
      '--task',
      'multiple-choice',
      '--data',
      'experiments/tasks/data',
      '--threads',
      '1',
      '--limit',
      '8',
    ];
    const set = [
      'trainFile=questions.csv',
      'columns.choices=[choice1, choice2, choice3, choice4]',
      'columns.answer=right',
      'labels=one-based',
    ];
    const options = set.flatMap((each) => ['--set', `task.${each}`]);
    const metrics = async (more: string[]) => {
      const { code, stdout, stderr } = await gmoeHere(['eval', ...questions, ...options, ...more]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      return Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((text) => text.split(/\s+/) as [string, string]),
      );
    };
    const letters = await metrics([]);
    expect(letters['eval/examples']).toBe('8');
    expect(Number(letters['eval/accuracy_low'])).toBeLessThan(Number(letters['eval/accuracy']));
    const texts = await metrics(['--scoring', 'log-likelihood', '--set', 'task.answers=text']);
    // Whole sentences cost more nats than a letter.
    expect(Number(texts['eval/loss'])).toBeGreaterThan(2 * Number(letters['eval/loss']));
    expect(texts).toHaveProperty(['eval/accuracy_norm']);
    expect(await metrics(['--scoring', 'generation'])).toHaveProperty(['eval/exact_match']);
  });
});
