import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { LaunchEvent } from '../launch/index.js';
import { parseSweep, planSweep, type JsonObject, type SweepPlan } from '../spec/index.js';
import { without } from '../spec/config-path.js';
import { SweepStore } from '../store/index.js';
import { exampleSchema } from './example-schema.js';

export { fakeLauncher } from './fake-launcher.js';

export function planFake(raw: JsonObject): SweepPlan {
  return planSweep(parseSweep(raw, { source: 'test', name: 'test' }), { schema: exampleSchema });
}

const temporary: string[] = [];
process.once('exit', () => {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the process ends. */
export function temporaryFolder(): string {
  temporary.push(mkdtempSync(join(tmpdir(), 'gmoe-experiment-')));
  return temporary.at(-1)!;
}

export function fakeStore(raw: JsonObject, folder = temporaryFolder()): SweepStore {
  return SweepStore.create(folder, planFake(raw));
}

/** Bundles a program of this folder so that it starts in milliseconds. Returns the file to run with node. */
export async function bundle(name: 'fake-worker' | 'fake-launch' | 'guarded-process'): Promise<string> {
  const outfile = join(temporaryFolder(), `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return outfile;
}

export async function collect(events: AsyncIterable<LaunchEvent>): Promise<LaunchEvent[]> {
  const list: LaunchEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const VARYING = ['attempt', 'attempts', 'startedAt', 'finishedAt', 'seconds', 'files'];

/** What a trial comes to, without the names and times of the attempts that led there. */
export function essence(store: SweepStore, hash: string): unknown {
  const result = store.result(hash)!;
  const folder = store.publishedFolder(hash)!;
  const lasting = VARYING.reduce((rest, key) => without(rest, key), result);
  const events = readFileSync(join(folder, 'events.jsonl'), 'utf8').replace(/"time":\d+,?/g, '');
  return { lasting, events, predictions: readFileSync(join(folder, 'predictions.jsonl'), 'utf8') };
}
