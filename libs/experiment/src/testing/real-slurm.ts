import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.js';

const SCRIPT = fileURLToPath(new URL('../../../../tools/ci/slurm.sh', import.meta.url));
const PROGRAMS = ['slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol', 'munged'];

/** Whether a Slurm of one's own can be brought up here; says aloud what is missing if not. */
export function canRunSlurm(): boolean {
  const missing = PROGRAMS.filter((name) => spawnSync('bash', ['-c', `command -v ${name}`]).status !== 0);
  const why = missing.length > 0 ? `${missing.join(', ')} not installed` : process.getuid!() === 0 ? '' : 'not root';
  if (why !== '') process.stderr.write(`SKIPPED: tests on a real Slurm: ${why} (tools/ci/slurm.sh)\n`);
  return why === '';
}

/** A Slurm with two node daemons on this machine. */
export interface RealSlurm {
  /** Kills a node daemon as a crash of the node would; its tasks go on. */
  killNode(name: 'n1' | 'n2'): void;
  startNode(name: 'n1' | 'n2'): void;
  down(): void;
}

/** Brings Slurm up on free ports, and makes it the one that client programs of this process talk to. */
export async function startSlurm(): Promise<RealSlurm> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-slurm-'));
  const env = { ...process.env, GMOE_SLURM_PORTS: (await freePorts(3)).join(' ') };
  execFileSync('bash', [SCRIPT, 'up', folder], { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 60_000 });
  const conf = join(folder, 'slurm.conf');
  process.env['SLURM_CONF'] = conf;
  return {
    killNode: (name) => execFileSync('bash', ['-c', `kill -9 "$(cat ${folder}/run/slurmd.${name}.pid)"`]),
    startNode: (name) => execFileSync('slurmd', ['-N', name, '-f', conf]),
    down() {
      execFileSync('bash', [SCRIPT, 'down', folder], { env, stdio: 'ignore', timeout: 60_000 });
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
