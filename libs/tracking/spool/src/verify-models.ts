import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { ArtifactOwner, CallOptions, MlflowClient, Run } from 'mlflow-js-client';
import { modelFolder } from './model-upload.js';
import type { UploadState } from './upload-state.js';

/**
 * Which models the server lacks, with what is wrong in words: one is there if its run links to it and it holds every file
 * of its folder (as far as that is still here) in its size.
 *
 * @param expected folder by name
 */
export async function lackingModels(
  client: MlflowClient,
  run: Run,
  journal: string,
  expected: ReadonlyMap<string, string>,
  state: UploadState,
  call: CallOptions,
): Promise<Map<string, string>> {
  const lacking = new Map<string, string>();
  for (const [name, directory] of expected) {
    const id = state.models[name];
    // A server without logged models has them as artifacts of the run.
    const linked = id === '' || run.models.some(({ modelId }) => modelId === id);
    if (id === undefined || !linked) {
      lacking.set(name, `model '${name}': missing`);
      continue;
    }
    const owner = id === '' ? run.info : await client.loggedModels.get(id, call);
    const root = id === '' ? `${modelFolder(name)}/` : '';
    const [file] = await lackingFiles(client, owner, root, resolve(dirname(journal), directory), call);
    if (file !== undefined) lacking.set(name, `model '${name}': file '${file}' is missing or of another size`);
  }
  return lacking;
}

async function lackingFiles(
  client: MlflowClient,
  owner: ArtifactOwner,
  root: string,
  directory: string,
  call: CallOptions,
): Promise<string[]> {
  if (!existsSync(directory)) return [];
  const lacking: string[] = [];
  const listings = new Map<string, Map<string, number | undefined>>();
  for (const file of filesBelow(directory)) {
    const path = `${root}${file}`;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    let listing = listings.get(folder);
    if (!listing) {
      const entries = await client.artifacts.listOwner(owner, folder, call);
      listing = new Map(entries.map((entry) => [basename(entry.path), entry.bytes]));
      listings.set(folder, listing);
    }
    if (listing.get(basename(file)) !== statSync(join(directory, file)).size) lacking.push(file);
  }
  return lacking;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}
