import type { AdapterFile } from '@gmoe/adapters-core';
import { UserError, type ComponentRegistry } from '@gmoe/core';
import { carryOver, saveModel, writeNewFolder, type FloatType, type LoadedModel } from '@gmoe/model';
import { attachAdapter, baseOf, readAdapter, type ReadAdapter } from './adapted-model.js';
import { basePlace } from './base-choice.js';
import { loadBase } from './base-model.js';
import { baseDir } from './base-path.js';

/** A base model with an adapter folded into its weights. */
export interface MergedModel extends LoadedModel {
  readonly file: ReadAdapter;
  /** Name or folder of the base. */
  readonly base: string;
}

/**
 * Folds an adapter into its base.
 * @throws UserError where no single weight equals the adapter (routed mixtures), or if it does not fit the base
 */
export async function mergeAdapter(
  folders: { readonly base?: string | undefined; readonly adapter: string },
  components: ComponentRegistry,
): Promise<MergedModel> {
  const file = await readAdapter(folders.adapter, components);
  // Refused before the base, which may be large, is read.
  if (file.description.router) throw notMergeable(file);
  // Float32 whatever the adapter was trained on: a merged weight is float.
  const base = basePlace(baseOf(folders, file));
  const notes = file.description.baseWeights === 'int8' ? [...file.notes, WIDENED] : file.notes;
  const model = await loadBase(base, components);
  const { adapter, start } = attachAdapter(file, model, components);
  if (!adapter.merge) throw notMergeable(file);
  return {
    ...model,
    config: adapter.config,
    weights: adapter.merge(model.weights, start),
    file: { ...file, notes },
    base,
  };
}

const WIDENED =
  'the adapter was trained on a base in 8 bits; it is folded into the float32 weights, so logits differ a little from those it was trained for';

function notMergeable({ description }: AdapterFile): UserError {
  return new UserError(
    `merge: the adapter '${description.adapter.id}' holds a routed mixture, whose update differs from token to token: no single weight matrix equals it. Only plain LoRA and DoRA merge`,
  );
}

/**
 * Writes a merged model as a new folder in Hugging Face layout, with everything of its base that is not a weight.
 * @throws UserError if the folder is not empty, or a weight does not fit the type
 */
export async function saveMerged(out: string, model: MergedModel, floats: FloatType): Promise<void> {
  const from = await baseDir(model.base);
  await writeNewFolder(out, async (draft) => {
    await saveModel(draft, model, { floats });
    await carryOver(from, draft);
  });
}
