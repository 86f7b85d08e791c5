import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { ChoiceExample, Example } from '../example.js';
import type { Task } from '../task.js';
import { taskDefinitions } from '../tasks/index.js';

/** A task by its id, with options as a config writes them; most have options to choose from. */
export function createTask<Of extends Example = ChoiceExample>(id: string, options: object = {}): Task<Of> {
  const definition = taskDefinitions.find((each) => each.id === id)!;
  // What a task gives is known to who names it.
  return definition.create(options) as Task<Of>;
}

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** A new folder with these files, which goes with the test file. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-data-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** JSON lines. */
export const jsonLines = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** The folder of real data sets that lies beside a development checkout; undefined, said aloud, where it does not. */
export function sharedData(): string | undefined {
  const folder = join(process.env['GMOE_SHARED'] ?? join('..', 'shared'), 'data');
  if (existsSync(folder)) return folder;
  process.stderr.write(`skipped: tests on real data sets, since ${folder} is not there (GMOE_SHARED names another)\n`);
  return undefined;
}
