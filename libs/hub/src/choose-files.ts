import { UserError } from '@gmoe/core';
import type { RepoFile } from './repo-files.js';
import type { Repo } from './repo-id.js';

/** Top-level files of a model that loading it can need, and its card and licence. */
const MODEL_FILES =
  /^[^/]+\.(?:json|safetensors|model|tiktoken|jinja|txt|md)$|^(?:LICEN[CS]E|NOTICE|USE_POLICY)[^/]*$/i;

/** Text beside the weights that says what they are and may be used for. */
const CARD = /^[^/]+\.md$|^(?:LICEN[CS]E|NOTICE|USE_POLICY)[^/]*$/i;

/**
 * The files of these names, with the card and licence.
 * @throws UserError naming what the repository lacks and what it has of that kind
 */
export function namedFiles(repo: Repo, files: readonly RepoFile[], names: readonly string[]): readonly RepoFile[] {
  for (const name of names) {
    if (files.some(({ path }) => path === name)) continue;
    const ending = name.slice(name.lastIndexOf('.'));
    const alike = files.map(({ path }) => path).filter((path) => path.endsWith(ending));
    const have = alike.length > 0 ? `; it has ${alike.slice(0, 12).join(', ')}` : '';
    throw new UserError(`${repo.name}: --file ${name}: there is no such file${have}`);
  }
  return files.filter(({ path }) => names.includes(path) || CARD.test(path));
}

/**
 * What of a repository is pulled. Of a model: the safetensors with config, tokenizer and card, not the same weights in other
 * formats; of a dataset, or with `all`: everything.
 * @throws UserError if a model has no safetensors
 */
export function chooseFiles(repo: Repo, files: readonly RepoFile[], all: boolean): readonly RepoFile[] {
  if (all || repo.kind === 'dataset') return files;
  const chosen = files.filter(({ path }) => MODEL_FILES.test(path));
  if (!chosen.some(({ path }) => path.endsWith('.safetensors'))) {
    const others = files.map(({ path }) => path).filter((path) => /\.(?:bin|pth?|gguf|h5|onnx|msgpack)$/.test(path));
    const have = others.length > 0 ? `, only ${others.slice(0, 3).join(', ')}` : '';
    throw new UserError(
      `${repo.name}: has no .safetensors weights at its top${have}; --file NAME pulls one file, --all everything`,
    );
  }
  return chosen;
}
