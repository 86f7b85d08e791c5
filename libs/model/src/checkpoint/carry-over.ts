import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Weights in any of the formats that model folders hold, with their indices. */
const WEIGHTS = /\.(?:safetensors|bin|pt|pth|ckpt|gguf|h5|msgpack|onnx|onnx_data|npz|part)$|\.index\.json$/i;
/** Notes about a folder itself. */
const OF_THE_FOLDER = /^\.|\.(?:tmp|lock)$/i;

/**
 * Copies what of a model folder is not a weight (tokenizer, `generation_config.json`, chat template, licence) into another, byte
 * for byte; folders in it and `config.json`, which goes with the weights, are left out.
 * @returns the names of the copied files
 */
export async function carryOver(from: string, to: string): Promise<string[]> {
  const entries = await readdir(from, { withFileTypes: true });
  const names = entries
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !WEIGHTS.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => !OF_THE_FOLDER.test(name) && name !== 'config.json')
    .sort();
  for (const name of names) await copyFile(join(from, name), join(to, name));
  return names;
}
