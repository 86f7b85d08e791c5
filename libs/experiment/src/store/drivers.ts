import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isKnownDead, isOwn, ownIdentity } from '@gmoe/core';
import { z } from 'zod';
import { plannedTrialSchema } from '../records/index.js';
import { claimSchema } from './claim.js';
import { makeFolderIn, readJson, writeJson } from './files.js';
import { guardStore, MachineError } from './store-error.js';

/** One sweep that is under way in a folder, by the process that drives it. */
const driverSchema = z.strictObject({ owner: claimSchema.shape.owner, trials: z.array(plannedTrialSchema) });

export type Driver = Omit<z.output<typeof driverSchema>, 'owner'>;

/**
 * Says that this process drives a sweep in the folder.
 *
 * @returns the other sweeps that are under way there on this machine; of other machines nothing is known
 */
export function joinDrivers(sweepFolder: string, own: Driver): Driver[] {
  const owner = ownIdentity();
  const folder = makeFolderIn(sweepFolder, 'drivers');
  writeJson(join(folder, `${owner.pid}-${owner.started || 0}.json`), { owner, ...own }, { durably: false });
  return guardStore(folder, () => readdirSync(folder)).flatMap((name) => {
    if (!/^\d+-\d+\.json$/.test(name)) return [];
    const file = join(folder, name);
    const driver = tryRead(file);
    if (driver && isOwn(driver.owner)) return [];
    if (!driver || isKnownDead(driver.owner)) remove(file);
    return driver && isAlive(driver.owner) === true ? [driver] : [];
  });
}

function tryRead(file: string): z.output<typeof driverSchema> | undefined {
  try {
    return readJson(file, driverSchema);
  } catch (error) {
    if (error instanceof MachineError) throw error;
    return undefined;
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Another start has removed it.
  }
}
