import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadSweep, planStatus, planSweep, SweepStore } from '@gmoe/experiment';
import { freePorts } from '@gmoe/experiment/testing';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { schema } from './components.js';
import { reportError } from './exit.js';
import { createProgram } from './program.js';
import { COMMAND_CASES, EVERY_COMMAND, PLAIN, type CommandCase, type Word } from './testing/options/command-cases.js';
import { lab, OUT, outcomeOf, setUpLab, tearDownLab } from './testing/options/command-lab.js';
import { gmoeHere, type GmoeResult } from './testing/run-gmoe.js';
import { workerCommand } from './worker-command.js';

beforeAll(setUpLab);
afterAll(tearDownLab);

const made = (words: readonly Word[]): string[] => words.map((word) => (typeof word === 'string' ? word : word()));

/** Every command that does something, by its words. */
function commands(command: Command = createProgram(), above: readonly string[] = []): [string, Command][] {
  if (command.commands.length === 0) return [[above.join(' '), command]];
  return command.commands.flatMap((each) => commands(each, [...above, each.name()]));
}

const options = commands().flatMap(([name, command]) =>
  command.options.map(({ long }): [string, string] => [name, long!]),
);
const own = options.filter(([, option]) => !(option in EVERY_COMMAND));
const caseOf = (command: string, option: string): CommandCase | undefined => COMMAND_CASES[command]?.[option];

const known = new Map<string, Promise<string>>();
const outcome = (words: readonly string[], after?: readonly string[]): Promise<string> => {
  const key = JSON.stringify([words, after]);
  if (!known.has(key)) known.set(key, outcomeOf(words, after));
  return known.get(key)!;
};

describe('every option of a command', () => {
  it.each(own)('%s %s', async (command, option) => {
    const each = caseOf(command, option);
    if (!each) throw new Error(`gmoe ${command} ${option}: no case shows what it does`);
    if ('costOnly' in each) return;
    if ('shownBy' in each) {
      const [file, words] = each.shownBy;
      expect(readFileSync(file, 'utf8').includes(words), `${file} no longer holds ${words}`).toBe(true);
      return;
    }
    const plain = PLAIN[command]!();
    if ('says' in each) {
      expect(await outcome([...plain, ...made(each.words)])).toMatch(each.says);
      return;
    }
    const after = each.after && made(each.after);
    const [before, then] = [
      await outcome([...plain, ...made(each.without ?? [])], after),
      await outcome([...plain, ...made(each.words)], after),
    ];
    expect(then === before, `gmoe ${command} ${option} changes nothing: ${before.slice(0, 600)}`).toBe(false);
  });

  it('of all commands has a test', () => {
    for (const { shownBy } of Object.values(EVERY_COMMAND) as { shownBy: readonly [string, string] }[])
      expect(readFileSync(shownBy[0], 'utf8')).toContain(shownBy[1]);
  });

  it('that has gone has no case', () => {
    const gone = Object.entries(COMMAND_CASES).flatMap(([command, cases]) =>
      Object.keys(cases).filter((option) => !options.some(([name, long]) => name === command && long === option)),
    );
    expect(gone).toEqual([]);
    expect(Object.keys(COMMAND_CASES).sort()).toEqual(
      commands()
        .map(([name]) => name)
        .sort(),
    );
  });
});

describe('options that a plain comparison does not show', () => {
  it.each([
    [['--engine', 'eager', '--threads', '2'], /^gmoe: threads: 2 is for the compiled engine[^\n]*\n$/],
    [['--device', 'wasm'], /^gmoe: device: 'wasm' is for --engine eager[^\n]*\n$/],
  ])('a worker, or a local sweep, whose machine cannot do %j leaves the trials open', async (words, message) => {
    const folder = lab(`open-${words.length}`);
    const store = SweepStore.create(folder, planSweep(loadSweep(lab('sweep.yaml')), { schema }));
    for (const command of [
      ['worker', '--store', folder],
      ['sweep', lab('sweep.yaml'), '--out', folder, '--launcher', 'local'],
    ]) {
      const { code, stderr } = await gmoeHere([...command, ...words]);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
      expect(planStatus(store).counts).toMatchObject({ todo: 2, failed: 0 });
    }
  });

  it('a sweep, and a page, gives the engine on to its workers', () => {
    const words = workerCommand('runs/a', { engine: 'eager', device: 'cpu', threads: 2 }, 'gmoe');
    const given = ['worker', '--store', 'runs/a', '--engine', 'eager', '--device', 'cpu', '--threads', '2'];
    expect(words.slice(words.indexOf('worker'))).toEqual(given);
    expect(workerCommand('runs/a', {}, 'gmoe').at(-1)).toBe('runs/a');
  });

  it('cancel asks for a checkpoint, and kills where --now is said', async () => {
    const cancelled = async (...now: string[]) => await outcomeOf(PLAIN['sweep']!(), ['cancel', OUT, ...now]);
    expect(await cancelled()).toMatch(/scancel [^"]*--signal=/);
    expect(await cancelled('--now')).toMatch(/scancel (?![^"]*--signal=)/);
  });

  it('ui listens where --port says, until Ctrl-C', async () => {
    const [port] = await freePorts(1);
    let ended: GmoeResult | undefined;
    const page = gmoeHere(['ui', lab('done'), '--port', String(port)]).then((result) => (ended = result));
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status,
        () => undefined,
      );
    // The programs of pages are built before the tests run.
    await expect.poll(async () => ended?.stderr ?? (await answers())).toBeTypeOf('number');
    process.emit('SIGINT');
    expect(await page).toMatchObject({ code: 0, stdout: expect.stringContaining(`http://127.0.0.1:${port}/`) });
  });

  it('sync goes on until Ctrl-C where it watches', async () => {
    vi.stubEnv('MLFLOW_TRACKING_URI', 'http://127.0.0.1:9');
    vi.stubEnv('MLFLOW_HTTP_REQUEST_MAX_RETRIES', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    let ended = false;
    const watched = gmoeHere(['sync', lab('done'), '--watch']).finally(() => (ended = true));
    await expect.poll(() => process.listenerCount('SIGINT')).toBeGreaterThan(0);
    await new Promise((done) => setTimeout(done, 200));
    expect(ended).toBe(false);
    process.emit('SIGINT');
    expect((await watched).stdout).toMatch(/^watching .*; Ctrl-C ends it$/m);
    expect((await gmoeHere(['sync', lab('done')])).stdout).not.toContain('watching');
  });

  it('pretrain keeps a model that is there, unless told to overwrite it', async () => {
    mkdirSync(lab('kept'));
    writeFileSync(lab('kept', 'config.json'), '{}');
    writeFileSync(lab('kept.yaml'), JSON.stringify({ name: 'p', output: 'kept', training: { steps: 3 } }));
    // What a device cannot do is found later.
    const words = ['pretrain', lab('kept.yaml'), '--device', 'wasm'];
    const { code, stderr } = await gmoeHere(words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`output: ${lab('kept')} holds a model; name another`)]);
    expect((await gmoeHere([...words, '--overwrite'])).stderr).toContain("device: 'wasm'");
    mkdirSync(lab('kept.work'));
    expect((await gmoeHere(words)).stderr).toContain("device: 'wasm'");
  });

  it('doctor tells what works as JSON', async () => {
    const { engines } = JSON.parse((await gmoeHere(['doctor', '--format', 'json'])).stdout) as { engines: object[] };
    expect(engines).toContainEqual(expect.objectContaining({ subject: 'compiled cpu', ok: true }));
    expect((await gmoeHere(['doctor', '--format', 'xml'])).stderr).toMatch(/--format: .*"text"\|"json"/);
  });

  it('--debug prints where it happened', () => {
    let said = '';
    const written = vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said += String(text)) !== '');
    onTestFinished(() => written.mockRestore());
    reportError(new Error('no'), false);
    expect(said).toBe('gmoe: no\n');
    reportError(new Error('no'), true);
    expect(said).toMatch(/gmoe: no\n[^]*at .*options-commands\.test/);
  });
});
