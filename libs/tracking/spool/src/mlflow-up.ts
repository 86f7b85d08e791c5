import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';

/** The server that is fetched where none is installed; the one that the tests run against. */
export const MLFLOW_VERSION = '3.17.2';

/** MLflow's own default; the same port each time means the same address each time. */
const MLFLOW_PORT = 5000;

export const mlflowUpOptions = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default('mlflow')
    .describe('Folder for the database, the artifacts and the log; made if need be.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Port on loopback; by default 5000, or a free one if that is taken.'),
  startUpMs: z
    .int()
    .min(1)
    .default(300_000)
    .describe('Longest time until the server answers, milliseconds; a first start may have to download it.'),
});
export type MlflowUpOptions = z.input<typeof mlflowUpOptions>;

export interface MlflowServer {
  readonly url: string;
  /** The command line that runs it. */
  readonly command: string;
  /** File with what it says. */
  readonly log: string;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** Ways to run `mlflow`: installed, else fetched by a tool that is. */
const WAYS = [
  { program: 'mlflow', before: [] },
  { program: 'uvx', before: ['--with', 'sqlalchemy<2.1', `mlflow@${MLFLOW_VERSION}`] },
  { program: 'pipx', before: ['run', '--spec', `mlflow==${MLFLOW_VERSION}`, 'mlflow'] },
] as const;

/**
 * Starts a local MLflow server on sqlite, on loopback, and waits until it answers.
 *
 * @param env for `PATH`; `GMOE_MLFLOW` names an `mlflow` executable that is preferred
 * @param signal ends the wait for a server that is starting
 * @throws UserError if there is none to start (with the commands that get one), the port is taken or it does not start
 */
export async function mlflowUp(
  options: MlflowUpOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
  signal?: AbortSignal,
): Promise<MlflowServer> {
  const { directory, port: wanted, startUpMs } = parseOptions(mlflowUpOptions, options, 'mlflow up');
  const way = findWay(env);
  if (!way)
    throw new UserError(
      'mlflow up: neither mlflow nor uvx nor pipx is on the PATH; get a server with `pip install mlflow` and start it with `mlflow server --backend-store-uri sqlite:///mlflow.db --port 5000`, then set MLFLOW_TRACKING_URI=http://127.0.0.1:5000',
    );
  const folder = resolve(directory);
  mkdirSync(folder, { recursive: true });
  const port = await reservePort(wanted);
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, 'mlflow.log');
  const args = [
    ...way.before,
    'server',
    ...[
      '--backend-store-uri',
      `sqlite:///${join(folder, 'mlflow.db')}`,
      '--artifacts-destination',
      join(folder, 'artifacts'),
    ],
    ...['--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
  ];
  const output = openSync(log, 'a');
  const child = spawn(way.file, args, {
    cwd: folder,
    stdio: ['ignore', output, output],
    detached: true,
    // Its job workers serve language-model features only and keep two cores busy.
    env: { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', ...env, MLFLOW_TRACKING_URI: undefined } as NodeJS.ProcessEnv,
  });
  closeSync(output);
  let failure: string | undefined;
  const exited = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', (error) => {
      failure = error.message;
      done();
    });
  });
  let over = false;
  void exited.then(() => (over = true));
  const kill = (signal: NodeJS.Signals): void => {
    try {
      // The server proper is a child of the command: the whole group has to go.
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // already gone
    }
  };
  const killAtExit = (): void => kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killAtExit);
    kill('SIGTERM');
    await Promise.race([exited, sleep(5000, undefined, { ref: false })]);
    kill('SIGKILL');
    await exited;
  };
  const deadline = performance.now() + startUpMs;
  while (!(await isHealthy(url))) {
    if (!over && !signal?.aborted && performance.now() < deadline) {
      await sleep(200);
      continue;
    }
    const reason = signal?.aborted
      ? 'was not waited for'
      : over
        ? `ended${failure ? `: ${failure}` : ''}`
        : `did not answer within ${startUpMs} ms`;
    await stop();
    throw new UserError(
      `mlflow up: the server (${way.file}) ${reason}; its last words: ${lastLine(log)} (all of them: ${log})`,
    );
  }
  return { url, command: [way.file, ...args].join(' '), log, exited, stop };
}

function findWay(
  env: Readonly<Record<string, string | undefined>>,
): { file: string; before: readonly string[] } | undefined {
  const named = env['GMOE_MLFLOW'];
  if (named && isExecutable(named)) return { file: resolve(named), before: [] };
  for (const { program, before } of WAYS)
    for (const folder of (env['PATH'] ?? '').split(delimiter))
      if (folder !== '' && isExecutable(join(folder, program))) return { file: join(folder, program), before };
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws UserError if the wanted port is taken */
async function reservePort(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return (await tryPort(MLFLOW_PORT)) ?? (await tryPort(0))!;
  const port = await tryPort(wanted);
  if (port === undefined)
    throw new UserError(`mlflow up: port ${wanted} cannot be used: it is taken or not allowed; name another or none`);
  return port;
}

/** @returns undefined if it cannot be listened on */
async function tryPort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((done, fail) => server.once('error', fail).listen(wanted, '127.0.0.1', done));
  } catch {
    return undefined;
  }
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').at(-1) || '(nothing)';
  } catch {
    return '(nothing)';
  }
}
