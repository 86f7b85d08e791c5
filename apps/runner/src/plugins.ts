import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSubfolder, messageOf, parseOptions, UserError, writeWhole, type ContractCase } from '@gmoe/core';
import { planSweep, splitTextHint, type SweepPlan, type SweepSpec } from '@gmoe/experiment';
import { compilePlugin, loadPlugin, type CompiledPlugin, type LoadedPlugin } from '@gmoe/plugins';
import { z } from 'zod';
import { components, schema } from './components.js';

/** Plug-ins of this process, by the digest of their sources. */
const loaded = new Map<string, LoadedPlugin>();

/** The program's own published surface, which plug-ins import as `gmoe`. */
const SURFACE = new URL('./gmoe.js', import.meta.url).href;

/**
 * Loads plug-ins, each once, and registers their components.
 *
 * @param folder what relative paths and packages are relative to
 * @throws UserError naming the plug-in
 */
export async function usePlugins(specifiers: readonly string[], folder: string): Promise<LoadedPlugin[]> {
  const used: LoadedPlugin[] = [];
  for (const specifier of specifiers) used.push(await use(await compilePlugin(specifier, folder)));
  return used;
}

async function use(compiled: CompiledPlugin): Promise<LoadedPlugin> {
  const known = loaded.get(compiled.digest);
  if (known) return known;
  const plugin = await loadPlugin(compiled, SURFACE);
  const { source, digest, version } = compiled;
  for (const component of plugin.components) {
    components.register(component, { source, digest, ...(version === undefined ? {} : { version }) });
  }
  loaded.set(digest, plugin);
  return plugin;
}

/**
 * Plans a sweep with the plug-ins that it names.
 *
 * @param options.folder what their relative paths are relative to, where the sweep is in no file
 * @param options.set the overrides that the sweep was loaded with, of which messages may tell more
 */
export async function planWithPlugins(
  spec: SweepSpec,
  { folder = process.cwd(), set = [] }: { readonly folder?: string | undefined; readonly set?: readonly string[] } = {},
): Promise<SweepPlan> {
  await usePlugins(spec.plugins ?? [], folder);
  try {
    return planSweep(spec, { schema });
  } catch (error) {
    const hint = error instanceof UserError ? splitTextHint(error.message, set) : undefined;
    throw hint === undefined ? error : new UserError(`${messageOf(error)}${hint}`, { cause: error });
  }
}

const storedSchema = z.array(
  z.strictObject({ source: z.string(), digest: z.string(), version: z.string().optional(), file: z.string() }),
);

/**
 * Leaves the process's plug-ins in a sweep's folder, compiled, so that its workers run the code that it was planned with,
 * wherever they are.
 */
export function storePlugins(folder: string): void {
  const list: z.output<typeof storedSchema> = [];
  if (loaded.size > 0) makeSubfolder(join(folder, 'plugins'));
  for (const { source, digest, version, code } of loaded.values()) {
    const file = join('plugins', `${digest.slice(0, 16)}.mjs`);
    if (!existsSync(join(folder, file))) writeWhole(join(folder, file), code);
    list.push({ source, digest, ...(version === undefined ? {} : { version }), file });
  }
  if (list.length > 0 || existsSync(join(folder, 'plugins.json'))) {
    writeWhole(join(folder, 'plugins.json'), `${JSON.stringify(list, null, 2)}\n`);
  }
}

/** Loads what `storePlugins` left: the code that the sweep was planned with. */
export async function useStoredPlugins(folder: string): Promise<void> {
  for (const stored of readStored(folder)) await useStored(folder, stored);
}

/** Loads a sweep's plug-ins as they are now, where they still are; else as they were stored. */
export async function usePresentPlugins(folder: string): Promise<void> {
  for (const stored of readStored(folder)) {
    await usePlugins([stored.source], process.cwd()).catch(() => useStored(folder, stored));
  }
}

type StoredPlugin = z.output<typeof storedSchema>[number];

function readStored(folder: string): StoredPlugin[] {
  const path = join(folder, 'plugins.json');
  return existsSync(path) ? parseOptions(storedSchema, JSON.parse(readFileSync(path, 'utf8')), path) : [];
}

async function useStored(folder: string, { file, version, ...plugin }: StoredPlugin): Promise<void> {
  const code = readFileSync(join(folder, file), 'utf8');
  await use({ ...plugin, code, ...(version === undefined ? {} : { version }) });
}

/** Options that a loaded plug-in wants a component of its to be checked with. */
export function pluginCases(id: string): readonly ContractCase[] | undefined {
  return [...loaded.values()].map(({ cases }) => cases[id]).find((cases) => cases !== undefined);
}
