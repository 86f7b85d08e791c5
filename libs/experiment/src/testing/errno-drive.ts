import { join } from 'node:path';
import { expect } from 'vitest';
import { isAbandoned } from '../store/claim.js';
import { MachineError, planStatus, SweepStore } from '../store/index.js';
import type { Guard } from '../worker/guard.js';
import { runAttempt } from '../worker/run-attempt.js';
import { systemError, withFailingFs } from './failing-fs.js';
import { essence, fakeStore, planFake } from './fake-sweep.js';
import { fakeTrial } from './fake-trial.js';

/** Errors of a machine, by Linux's numbers; Node has no names for two of them. */
export const MACHINE_ERRORS: readonly (readonly [string, number])[] = [
  ['EIO', 5],
  ['ENOMEM', 12],
  ['EBUSY', 16],
  ['ENODEV', 19],
  ['ENFILE', 23],
  ['EMFILE', 24],
  ['EFBIG', 27],
  ['ENOSPC', 28],
  ['EROFS', 30],
  ['ENOTCONN', 107],
  ['ESHUTDOWN', 108],
  ['ETIMEDOUT', 110],
  ['EHOSTDOWN', 112],
  ['ESTALE', 116],
  ['EDQUOT', 122],
];

/** The guard is a thread: too dear for hundreds of attempts, and it ignores what its disk says. */
const guard = { watch: () => undefined, rest: () => undefined } as unknown as Guard;

async function work(store: SweepStore): Promise<void> {
  store.mustBeThere();
  const { trials, limits } = store.manifest();
  const stop = new AbortController().signal;
  const trial = trials[0]!;
  const end = await runAttempt({ store, trial, limits, execute: fakeTrial(), guard, stop, mayTakeOver: isAbandoned });
  expect(end.type).toBe('published');
}

/**
 * Makes every file operation of an attempt fail, one after the other, and checks each time that the trial is not failed by it, that
 * one line tells of it, and that the next attempt brings the undisturbed result.
 *
 * @param codesOf the errors to try at the nth operation
 * @returns operations of an attempt, and failures that reached the caller
 */
export async function driveErrors(
  root: string,
  codesOf: (operation: number) => readonly (readonly [string, number])[],
): Promise<{ operations: number; reached: number }> {
  const raw = { trial: { steps: 2 } };
  const undisturbed = fakeStore(raw, join(root, 'undisturbed'));
  const { hash } = undisturbed.manifest().trials[0]!;
  const operations = await withFailingFs(
    undisturbed.folder,
    Infinity,
    () => new Error(),
    () => work(undisturbed),
  );
  const expected = essence(undisturbed, hash);
  let reached = 0;
  for (let operation = 0; operation < operations; operation++) {
    for (const [name, errno] of codesOf(operation)) {
      const where = `${name} at operation ${operation}`;
      const folder = join(root, `${operation}-${name}`);
      SweepStore.create(folder, planFake(raw));
      const store = SweepStore.open(folder);
      let thrown: unknown;
      await withFailingFs(
        folder,
        operation,
        (syscall, path) => systemError(name, errno, syscall, path),
        () => work(store).catch((error: unknown) => void (thrown = error)),
      );
      if (thrown !== undefined) {
        reached++;
        expect(thrown, where).toBeInstanceOf(MachineError);
        expect((thrown as Error).message, where).toMatch(new RegExp(String.raw`^${folder}[^\n]*\(${name}\)$`));
      }
      expect(planStatus(store).counts, where).toMatchObject({ failed: 0, damaged: 0 });
      await work(store);
      expect(essence(store, hash), where).toEqual(expected);
    }
  }
  return { operations, reached };
}
