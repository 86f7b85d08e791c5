import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findUpward, parseJson, UserError, type Component, type ComponentRegistry } from '@gmoe/core';
import { familyKind, ggufFolder, ggufModelType, isGgufPath, readModelText, type ModelFamily } from '@gmoe/model';

/** The bundled base model's folder: `GMOE_BASE` if set, else `models/openstax-2m` of the workspace. */
export function bundledBaseDir(): string {
  return findUpward(import.meta.url, join('models', 'openstax-2m'), 'GMOE_BASE');
}

/** Whether a config's `base` names a model. */
export function isBase(base: string): boolean {
  return base === 'bundled' || existsSync(join(resolve(base), 'config.json')) || ggufOf(base) !== undefined;
}

/**
 * Folder of the base model that a config names, in Hugging Face layout; of a GGUF file, or a folder that holds one and no
 * `config.json`, the float32 copy.
 * @throws UserError if there is no such model
 */
export async function baseDir(base: string): Promise<string> {
  const path = basePath(base);
  return isGgufPath(path) && statSync(path).isFile() ? ggufFolder(path) : path;
}

/** The folder or the GGUF file that a config names. @throws UserError if there is no such model */
export function basePath(base: string): string {
  if (base === 'bundled') return bundledBaseDir();
  const gguf = ggufOf(base);
  if (gguf !== undefined) return gguf;
  if (isBase(base)) return resolve(base);
  throw new UserError(`base: '${base}' is no model folder (no config.json in it) and no GGUF file`);
}

/** The GGUF file that a base is. @throws UserError where a folder holds several */
function ggufOf(base: string): string | undefined {
  const path = resolve(base);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.isFile() && isGgufPath(path) ? path : undefined;
  if (existsSync(join(path, 'config.json'))) return undefined;
  const files = readdirSync(path).filter(isGgufPath).sort();
  if (files.length > 1) {
    throw new UserError(
      `base: '${base}' holds ${files.length} GGUF files; name one of them: ${files.slice(0, 5).join(', ')}`,
    );
  }
  return files[0] === undefined ? undefined : join(path, files[0]);
}

function modelTypeOf(base: string): unknown {
  const folder = base === 'bundled' ? bundledBaseDir() : resolve(base);
  const text = readModelText(join(folder, 'config.json'));
  return text === undefined ? undefined : (parseJson(text) as { model_type?: unknown }).model_type;
}

/** The model family of a base, as its `config.json` names it; undefined where there is none to read. */
export function baseFamily(base: string, components: ComponentRegistry): Component<ModelFamily> | undefined {
  try {
    const gguf = base === 'bundled' ? undefined : ggufOf(base);
    const modelType = gguf === undefined ? modelTypeOf(base) : ggufModelType(gguf);
    return components.all(familyKind).find((component) => component.create().modelType === modelType);
  } catch {
    // What is wrong with the folder is told by who loads it.
    return undefined;
  }
}
