import { adapterFolder, DONE, lab, OUT } from './command-lab.js';

/** A word, or what becomes one once the lab is there. */
export type Word = string | (() => string);

/** How a test shows that an option of a command does something. */
export type CommandCase =
  /** The command with these words comes to something else than with those of `without` (default: its plain words). */
  | {
      readonly words: readonly Word[];
      readonly without?: readonly Word[];
      /** A command whose outcome counts too. */
      readonly after?: readonly Word[];
    }
  /** The command with these words says this; without them it works for long. */
  | { readonly words: readonly Word[]; readonly says: RegExp }
  /** A test elsewhere, which takes a process, a server or a cluster, shows it. */
  | { readonly shownBy: readonly [file: string, words: string] }
  /** It changes time, or how often something is looked at, never a result. */
  | { readonly costOnly: string };

/** Words after which a command does its work on the lab's files; a case adds its option. */
export const PLAIN: Readonly<Record<string, () => readonly string[]>> = {
  sweep: () => ['sweep', lab('sweep.yaml'), '--out', OUT, '--detach'],
  train: () => ['train', lab('trial.yaml'), '--out', OUT],
  eval: () => [
    ...['eval', '--base', lab('base'), '--task', 'classification', '--data', lab('data')],
    ...['--set', 'task.trainFile=rows.csv', '--scoring', 'log-likelihood', '--limit', '3', '--sequence-length', '24'],
  ],
  generate: () => ['generate', '--base', lab('base'), '--prompt', 'xx 1', '--max-tokens', '6'],
  perplexity: () => ['perplexity', '--base', lab('base'), '--text', lab('text.txt'), '--window', '32'],
  report: () => ['report', DONE, '--format', 'json'],
  plan: () => ['plan', lab('sweep.yaml'), '--out', OUT],
  worker: () => ['worker', '--store', DONE],
  cancel: () => ['cancel', DONE],
  top: () => ['top', DONE],
  data: () => ['data', lab('trial.yaml')],
  merge: () => ['merge', adapterFolder(), OUT],
  verify: () => ['verify', lab('goldens')],
  pretrain: () => ['pretrain', lab('pretrain.yaml')],
};

/** Options of the engine, which a command gives on: what each cannot do is refused. */
const ENGINE = (more: readonly Word[] = []): Readonly<Record<string, CommandCase>> => ({
  '--engine': { words: [...more, '--engine', 'eager', '--threads', '2'], without: [...more, '--threads', '2'] },
  '--device': { words: [...more, '--device', 'wasm'], without: more },
  '--threads': {
    words: [...more, '--engine', 'eager', '--device', 'cpu', '--threads', '2'],
    without: [...more, '--engine', 'eager', '--device', 'cpu'],
  },
});

const PASSED_ON: CommandCase = { shownBy: ['apps/runner/src/options-commands.test.ts', 'gives the engine on'] };
const REFUSED: CommandCase = { shownBy: ['apps/runner/src/options-commands.test.ts', 'leaves the trials open'] };
const MODEL_WEIGHTS: Readonly<Record<string, CommandCase>> = {
  '--base': { words: ['--base', () => lab('other')] },
  '--weights': { words: ['--weights', 'int8'] },
  '--adapter': { words: ['--adapter', adapterFolder] },
};
const DATA: CommandCase = { words: ['--data', '/no/such folder'] };
const SET: CommandCase = { words: ['--set', 'training.steps=1'] };

/** So many draws that a slightly other distribution shows. */
const DRAWN = ['--temperature', '1', '--max-tokens', '100'];

/** By command and option. */
export const COMMAND_CASES: Readonly<Record<string, Readonly<Record<string, CommandCase>>>> = {
  sweep: {
    '--dry-run': { words: ['--dry-run'] },
    '--out': { words: ['--out', `${OUT}-b`] },
    '--jobs': { words: ['--jobs', '2'] },
    '--launcher': { words: ['--launcher', 'ray'] },
    '--profile': { shownBy: ['apps/runner/src/plugins.test.ts', "'--profile', lab('slurm.yaml')"] },
    '--detach': { shownBy: ['apps/runner/src/plugins.test.ts', "'--detach'"] },
    '--set': SET,
    '--data': DATA,
    '--retry-failed': {
      words: ['--out', DONE, '--set', 'seeds=2', '--retry-failed'],
      without: ['--out', DONE, '--set', 'seeds=2'],
      after: ['plan', () => lab('sweep.yaml'), '--out', DONE],
    },
    '--rerun': { shownBy: ['apps/runner/src/plugins.test.ts', "'--rerun', 'mine'"] },
    '--engine': REFUSED,
    '--device': REFUSED,
    '--threads': REFUSED,
  },
  train: { '--out': { words: ['--out', `${OUT}-b`] }, '--set': SET, '--data': DATA, ...ENGINE() },
  eval: {
    ...MODEL_WEIGHTS,
    ...ENGINE(),
    '--task': { words: ['--task', 'multiple-choice'] },
    '--data': DATA,
    '--split': { words: ['--split', 'train'] },
    '--scoring': { words: ['--scoring', 'label-token'] },
    '--limit': { words: ['--limit', '2'] },
    '--sequence-length': { words: ['--sequence-length', '3'] },
    '--set': { words: ['--set', 'evaluation.normalize=characters'] },
    '--out': { words: ['--out', OUT] },
  },
  generate: {
    ...MODEL_WEIGHTS,
    ...ENGINE(),
    '--prompt': { words: ['--prompt', 'zzz'] },
    '--weights': { words: [...DRAWN, '--weights', 'int8'], without: DRAWN },
    '--compute': { words: [...DRAWN, '--compute', 'int8-forward'], without: DRAWN },
    '--max-tokens': { words: ['--max-tokens', '7'] },
    '--temperature': { words: ['--temperature', '3'] },
    '--top-p': { words: ['--temperature', '9', '--top-p', '0.05'], without: ['--temperature', '9'] },
    '--seed': { words: ['--temperature', '9', '--seed', '1'], without: ['--temperature', '9'] },
    '--stream': { shownBy: ['apps/runner/src/checkpoints.test.ts', "'--stream'"] },
  },
  perplexity: {
    ...MODEL_WEIGHTS,
    ...ENGINE(),
    '--text': { words: ['--text', () => lab('data', 'rows.csv')] },
    '--compute': { words: ['--compute', 'int8-forward'] },
    '--window': { words: ['--window', '16'] },
    '--stride': { words: ['--stride', '4'] },
  },
  report: {
    '--format': { words: ['--format', 'csv'] },
    '--static': { words: ['--format', 'html', '--static'] },
    '--out': { words: ['--out', OUT] },
    '--metric': { words: ['--metric', 'eval/loss'] },
    '--reference': { words: ['--reference', 'high'] },
  },
  ui: {
    '--port': { shownBy: ['apps/runner/src/options-commands.test.ts', 'listens where --port says'] },
    '--engine': PASSED_ON,
    '--device': PASSED_ON,
    '--threads': PASSED_ON,
  },
  plan: {
    '--out': { words: [], without: ['--out', DONE] },
    '--set': { words: ['--set', 'training.steps=1'] },
    '--data': DATA,
    '--jobs': {
      words: ['--out', DONE, '--set', 'seeds=9', '--jobs', '2'],
      without: ['--out', DONE, '--set', 'seeds=9', '--jobs', '1'],
    },
    '--calibrate': { words: ['--calibrate'] },
    ...ENGINE(['--calibrate']),
  },
  worker: {
    '--store': { words: ['--store', () => lab('data')] },
    '--jobs': { costOnly: 'trials at a time; resume.test.ts holds that no bit depends on it' },
    '--engine': REFUSED,
    '--device': REFUSED,
    '--threads': REFUSED,
  },
  publish: {},
  cancel: { '--now': { shownBy: ['apps/runner/src/options-commands.test.ts', 'kills where --now'] } },
  top: {
    '--every': { costOnly: 'how often a terminal is drawn' },
    '--once': { costOnly: 'one look instead of many, each the same; where there is no terminal it is one anyway' },
    '--json': { words: ['--json'] },
  },
  sync: {
    '--watch': { shownBy: ['apps/runner/src/options-commands.test.ts', 'goes on until Ctrl-C'] },
    '--no-verify': { shownBy: ['apps/runner/src/tracking.test.ts', "'--no-verify'"] },
  },
  'mlflow up': {
    '--store': { shownBy: ['apps/runner/src/tracking.test.ts', "'--store', store"] },
    '--port': { shownBy: ['apps/runner/src/tracking.test.ts', "'--port', 'x'"] },
  },
  check: {},
  data: {
    '--task': { words: ['--task', 'openstax-topics'] },
    '--data': DATA,
    '--base': { words: ['--base', 'bundled'] },
    '--sequence-length': { words: ['--sequence-length', '3'] },
    '--set': { words: ['--set', 'task.prompt="{text}"'] },
    '--format': { words: ['--format', 'json'] },
  },
  pull: {
    '--revision': { shownBy: ['apps/runner/src/pull.test.ts', "'--revision'"] },
    '--to': { shownBy: ['apps/runner/src/pull.test.ts', "'--to', to"] },
    '--file': { shownBy: ['apps/runner/src/pull.test.ts', "'--file'"] },
    '--all': { shownBy: ['apps/runner/src/pull.test.ts', "'--all'"] },
  },
  'convert gguf': {},
  'convert llama2c': {},
  merge: { '--base': { words: ['--base', 'bundled'] }, '--floats': { words: ['--floats', 'BF16'] } },
  pretrain: {
    '--steps': { words: ['--steps', '99'], says: /--steps: .*<=3 .*99/ },
    '--overwrite': { shownBy: ['apps/runner/src/options-commands.test.ts', 'keeps a model that is there'] },
    '--engine': { words: ['--engine', 'eager', '--threads', '2'], says: /threads: 2 is for the compiled engine/ },
    '--device': { words: ['--device', 'wasm'], says: /device: 'wasm' is for --engine eager/ },
    '--threads': { words: ['--engine', 'eager', '--threads', '3'], says: /threads: 3 is for the compiled engine/ },
    '--recompute': {
      words: ['--engine', 'eager', '--recompute', 'full'],
      says: /recompute: 'full' is for the compiled/,
    },
  },
  doctor: { '--format': { shownBy: ['apps/runner/src/options-commands.test.ts', 'as JSON'] } },
  verify: { '--all': { words: ['--all'] }, '--brief': { words: ['--brief'] }, ...ENGINE() },
  schema: {},
  completion: {},
};

/** Of every command. */
export const EVERY_COMMAND: Readonly<Record<string, CommandCase>> = {
  '--debug': { shownBy: ['apps/runner/src/options-commands.test.ts', 'prints where it happened'] },
  '--plugin': { shownBy: ['apps/runner/src/plugins.test.ts', "['--plugin', lab(file)]"] },
};
