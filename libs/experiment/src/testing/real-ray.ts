import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.js';

/** Variable that names the cluster which a process is of. */
const MARK = 'GMOE_TEST_RAY';

/** Where `tools/ci/install-ray.sh` puts it. */
const VENV = fileURLToPath(new URL('../../../../.venv-ray', import.meta.url));

/** Whether a Ray of one's own can be brought up here; says aloud what is missing if not. */
export function canRunRay(): boolean {
  const there = existsSync(join(VENV, 'bin', 'ray'));
  if (!there) process.stderr.write('SKIPPED: tests on a real Ray: not installed (tools/ci/install-ray.sh)\n');
  return there;
}

/** A Ray with a head and raylets on this machine. */
export interface RealRay {
  readonly address: string;
  /** Starts another node with this many cores. Returns its raylet's process. */
  addNode(cpus: number): number;
  /** Kills a node as a crash of its machine would, with all that runs on it. */
  killNode(raylet: number): void;
  down(): void;
}

/**
 * Brings Ray up on free ports.
 *
 * @param cpus cores of the head: with 0 no worker runs there
 */
export async function startRay(cpus: number): Promise<RealRay> {
  // Sockets below it must stay within the 107 bytes of a path.
  const folder = mkdtempSync(join(tmpdir(), 'ray-'));
  const [port, dashboard, headAgent, nodeAgent] = await freePorts(4);
  const env = { ...process.env, RAY_USAGE_STATS_ENABLED: '0', RAY_DISABLE_IMPORT_WARNING: '1', [MARK]: folder };
  const ray = (...args: string[]): void => {
    execFileSync(join(VENV, 'bin', 'ray'), args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 120_000 });
  };
  const common = ['--disable-usage-stats', '--object-store-memory=80000000', '--node-ip-address=127.0.0.1'];
  ray(
    ...['start', '--head', `--port=${port}`, `--num-cpus=${cpus}`, `--temp-dir=${folder}`, ...common],
    ...['--include-dashboard=true', '--dashboard-host=127.0.0.1', `--dashboard-port=${dashboard}`],
    `--dashboard-agent-listen-port=${headAgent}`,
  );
  const known = new Set(raylets(folder));
  return {
    address: `http://127.0.0.1:${dashboard}`,
    addNode(cpus) {
      ray(
        'start',
        `--address=127.0.0.1:${port}`,
        `--num-cpus=${cpus}`,
        `--dashboard-agent-listen-port=${nodeAgent}`,
        ...common,
      );
      const added = raylets(folder).find((pid) => !known.has(pid))!;
      known.add(added);
      return added;
    },
    killNode(raylet) {
      for (const pid of [...descendants(raylet), raylet]) kill(pid);
    },
    down() {
      // Those that rename themselves lose their variables: they are children of some that do not.
      for (const pid of new Set(processesOf(folder).flatMap((each) => [...descendants(each), each]))) kill(pid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

const raylets = (folder: string): number[] =>
  processesOf(folder).filter((pid) => readProc(pid, 'cmdline').includes('raylet/raylet'));

/** Processes of the cluster in a folder. */
function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readProc(pid, 'environ').split('\0').includes(`${MARK}=${folder}`));
}

function readProc(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** All that a process started, and what that started. */
function descendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(Number)
    .flatMap((child) => [...descendants(child), child]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
