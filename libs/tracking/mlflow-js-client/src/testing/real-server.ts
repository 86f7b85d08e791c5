import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running MLflow server on sqlite in a temporary folder, on loopback. */
export interface RealMlflow {
  readonly url: string;
  readonly port: number;
  /** Kills the server but keeps its data. */
  kill(): Promise<void>;
  /** Starts it again at the same port with the same data. */
  restart(): Promise<void>;
  /** Kills it and removes its data. */
  stop(): Promise<void>;
}

/** The `mlflow` executable for tests: `GMOE_MLFLOW`, `.venv-mlflow/bin/mlflow` in the working folder, or on PATH. */
export function findMlflow(): string | undefined {
  const named = process.env['GMOE_MLFLOW'];
  const candidates = named
    ? [resolve(named)]
    : [
        resolve('.venv-mlflow/bin/mlflow'),
        ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'mlflow')),
      ];
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Says on stderr, in a line nobody overlooks, that tests against a real server do not run. */
export function skipLoudly(suite: string): void {
  process.stderr.write(
    `\n!!! SKIPPED: ${suite}: no mlflow found (GMOE_MLFLOW, .venv-mlflow/bin/mlflow, PATH); tools/ci/install-mlflow.sh installs it\n\n`,
  );
}

export async function startRealMlflow(executable: string, startUpMs = 90_000): Promise<RealMlflow> {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-test-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let stopServer: (() => Promise<void>) | undefined;
  const start = async (): Promise<void> => {
    const child = spawn(
      executable,
      [
        'server',
        '--backend-store-uri',
        `sqlite:///${join(folder, 'mlflow.db')}`,
        '--artifacts-destination',
        join(folder, 'artifacts'),
      ].concat([...['--host', '127.0.0.1', '--port', String(port), '--workers', '1']]),
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
        // Newer servers start seven idle job workers, which take most of two cores.
        env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
      },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
    const exited = new Promise<void>((done) => {
      child.once('close', () => done());
      child.once('error', (error) => {
        log += error.message;
        done();
      });
    });
    let over = false;
    void exited.then(() => (over = true));
    // The server proper is a child of the command: the whole group has to go.
    const killGroup = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // already gone
      }
    };
    process.once('exit', killGroup);
    stopServer = async () => {
      killGroup();
      await exited;
      process.removeListener('exit', killGroup);
    };
    const deadline = Date.now() + startUpMs;
    while (!(await healthy(url))) {
      if (over || Date.now() > deadline) {
        await stopServer();
        throw new Error(`mlflow did not start:\n${log}`);
      }
      await sleep(100);
    }
  };
  await start();
  return {
    url,
    port,
    kill: () => stopServer!(),
    restart: start,
    stop: async () => {
      await stopServer!();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function healthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
