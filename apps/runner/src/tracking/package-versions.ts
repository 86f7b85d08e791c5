import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Packages whose version may change a result. */
const PACKAGES = ['@tensorflow/tfjs', 'onnxruntime-node', '@huggingface/tokenizers'];

/** Versions by package, Node included. */
export function packageVersions(): Record<string, string> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of PACKAGES) {
    try {
      versions[name] = (require(`${name}/package.json`) as { version: string }).version;
    } catch {
      // A package may hide its package.json; the run is recorded without its version.
    }
  }
  return versions;
}
