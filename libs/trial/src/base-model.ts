import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findUpward, UserError, type Component, type ComponentRegistry } from '@gmoe/core';
import { familiesOf, familyKind, loadModel, weightsFor, type ModelFamily } from '@gmoe/model';
import type { Compute } from '@gmoe/tensor';

type LoadedModel = Awaited<ReturnType<typeof loadModel>>;

/** The bundled base model's folder: `GMOE_BASE` if set, else `models/openstax-2m` of the workspace. */
export function bundledBaseDir(): string {
  return findUpward(import.meta.url, join('models', 'openstax-2m'), 'GMOE_BASE');
}

/** Whether a config's `base` names a model. */
export function isBase(base: string): boolean {
  return base === 'bundled' || existsSync(join(resolve(base), 'config.json'));
}

/** Folder of the base model that a config names. @throws UserError if there is no such folder */
export function baseDir(base: string): string {
  if (base === 'bundled') return bundledBaseDir();
  if (isBase(base)) return resolve(base);
  throw new UserError(`base: '${base}' is no model folder (no config.json in it)`);
}

/** The model family of a base, as its `config.json` names it; undefined where there is none to read. */
export function baseFamily(base: string, components: ComponentRegistry): Component<ModelFamily> | undefined {
  try {
    const json = JSON.parse(readFileSync(join(baseDir(base), 'config.json'), 'utf8')) as { model_type?: unknown };
    return components.all(familyKind).find((component) => component.create().modelType === json.model_type);
  } catch {
    // What is wrong with the folder is told by who loads it.
    return undefined;
  }
}

let last: { readonly key: string; readonly model: Promise<LoadedModel> } | undefined;

/**
 * Loads a base model with its weights as `compute` reads them; trials that a process runs one after the other share the one they
 * have in common.
 */
export function loadBase(
  base: string,
  components: ComponentRegistry,
  compute: Compute = 'float32',
): Promise<LoadedModel> {
  const folder = baseDir(base);
  const key = `${compute} ${folder}`;
  if (last?.key !== key) {
    const loading = { key, model: loadFor(folder, components, compute) };
    last = loading;
    // What failed once may be there the next time: a disk that was mounted meanwhile.
    loading.model.catch(() => {
      if (last === loading) last = undefined;
    });
  }
  return last.model;
}

async function loadFor(folder: string, components: ComponentRegistry, compute: Compute): Promise<LoadedModel> {
  const model = await loadModel(folder, familiesOf(components));
  return { ...model, weights: await weightsFor(compute, model.config, model.weights) };
}
