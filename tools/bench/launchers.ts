/**
 * `npm run bench -- --only launchers`: 500 trials that do everything but train, two at a time, on this machine, on a Slurm and on a
 * Ray of its own, where they are installed. What a launcher takes to start its workers is in it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRunRay, canRunSlurm, startRay, startSlurm } from '@gmoe/experiment/testing';
import { wideSweep } from './overhead.js';

const TRIALS = 500;

export async function printLaunchers(row: (name: string, value: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-launchers-'));
  try {
    const { launch } = await wideSweep(folder);
    const measure = (id: string): void => {
      const seconds = launch(join(folder, id), id);
      row(`${TRIALS} trials on ${id}`, `${seconds.toFixed(1)} s, ${((1000 * seconds) / TRIALS).toFixed(0)} ms a trial`);
    };
    measure('local');
    if (canRunSlurm()) {
      const slurm = await startSlurm();
      try {
        measure('slurm');
      } finally {
        slurm.down();
      }
    }
    if (canRunRay()) {
      const ray = await startRay(2);
      try {
        process.env['RAY_API_SERVER_ADDRESS'] = ray.address;
        measure('ray');
      } finally {
        ray.down();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
