import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileDigest, stableHash, type ComponentRegistry, type Json } from '@gmoe/core';
import { taskKind, type Task } from '@gmoe/datasets';
import { MachineError } from '@gmoe/experiment';
import { basePlace } from './base-choice.js';
import { basePath } from './base-path.js';
import type { TrialConfig } from './trial-schema.js';

/** Files of a model folder that decide what it computes and how it reads text. */
const MODEL_FILE =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|model\.safetensors\.index)\.json$|\.(safetensors|gguf|model|txt|jinja)$/;

/**
 * sha256 of what a config's paths hold: `base` (weights, config, tokenizer) and `task` (the files of its splits). By name and
 * content, wherever they lie.
 *
 * @throws UserError if something is not there
 */
export function trialContents(
  config: Pick<TrialConfig, 'base' | 'task'>,
  components: ComponentRegistry,
): Record<string, string> {
  const task = components.build(taskKind, config.task);
  return { base: digestOfFiles(modelFiles(basePlace(config.base))), task: digestOfFiles(task.files?.() ?? []) };
}

/**
 * The state of a model's files, without reading them: a long-lived process may find another model under the same path.
 * @throws UserError if there is none
 */
export const baseVersion = (place: string): Json => versionOf(modelFiles(place));

/** The state of the files of a task's splits, without reading them. */
export const taskVersion = (task: Task): Json => versionOf(task.files?.() ?? []);

function versionOf(paths: readonly string[]): Json {
  return paths.map((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? [path, found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs] : [path];
  });
}

/**
 * @throws MachineError with both digests if what a config's paths hold is not what it was when it was planned: another machine may
 * have that, so the trial stays open
 */
export function checkContents(
  config: Pick<TrialConfig, 'base' | 'task'>,
  planned: Readonly<Record<string, string>>,
  components: ComponentRegistry,
): void {
  const present = trialContents(config, components);
  for (const [section, digest] of Object.entries(planned)) {
    const now = present[section];
    if (now === undefined || now === digest) continue;
    const what = section === 'base' ? basePlace(config.base) : `the data of task '${config.task.id}'`;
    throw new MachineError(
      `${section}: ${what} changed since the trial was planned (sha256 ${digest.slice(0, 12)} then, ${now.slice(0, 12)} now); run gmoe sweep again: it plans a trial of its own for the new content`,
      'full',
    );
  }
}

function modelFiles(base: string): string[] {
  const folder = basePath(base);
  if (statSync(folder).isFile()) return [folder];
  return readdirSync(folder)
    .filter((name) => MODEL_FILE.test(name))
    .map((name) => join(folder, name));
}

function digestOfFiles(paths: readonly string[]): string {
  return stableHash(
    [...new Set(paths)]
      .filter((path) => existsSync(path))
      .map((path) => [basename(path), fileDigest(path)])
      .sort(([a], [b]) => (a! < b! ? -1 : 1)),
  );
}
