import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const ITSELF = 'gmoe';

/** Packages whose version may change a result. */
const PACKAGES = ['@tensorflow/tfjs', 'onnxruntime-node', 'tokenizers'];

/** Versions by package, Node and this program included. */
export function packageVersions(): Record<string, string> {
  const versions: Record<string, string> = { node: process.versions.node };
  const own = ownVersion();
  if (own !== undefined) versions[ITSELF] = own;
  for (const name of PACKAGES) {
    // Read from the folder: a package may hide its package.json from require.
    const file = require.resolve
      .paths(name)
      ?.map((folder) => join(folder, name, 'package.json'))
      .find((candidate) => existsSync(candidate));
    if (file !== undefined) versions[name] = readPackage(file).version;
  }
  return versions;
}

function ownVersion(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = readPackage(file);
    if (name === ITSELF) return version;
  }
  return undefined;
}

function readPackage(file: string): { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
}
