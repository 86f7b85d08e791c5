import { canonicalJson, type ComponentRegistry } from '@gmoe/core';
import { familiesOf, loadModel, weightsFor, type StoredWeights } from '@gmoe/model';
import type { Compute } from '@gmoe/tensor';
import { basePlace, storedWeights, type BaseChoice } from './base-choice.js';
import { baseDir } from './base-path.js';
import { baseVersion } from './contents.js';

type LoadedModel = Awaited<ReturnType<typeof loadModel>>;

let last: { readonly key: string; readonly model: Promise<LoadedModel> } | undefined;

/**
 * Loads a base model with its weights as `compute` reads them; trials that a process runs one after the other share the one they
 * have in common.
 */
export async function loadBase(
  base: BaseChoice,
  components: ComponentRegistry,
  compute: Compute = 'float32',
): Promise<LoadedModel> {
  const [place, weights] = [basePlace(base), storedWeights(base)];
  const key = canonicalJson([compute, weights, baseVersion(place)]);
  if (last?.key !== key) {
    const loading = { key, model: loadFor(place, weights, components, compute) };
    last = loading;
    // What failed once may be there the next time: a disk that was mounted meanwhile.
    loading.model.catch(() => {
      if (last === loading) last = undefined;
    });
  }
  return last.model;
}

async function loadFor(
  place: string,
  weights: StoredWeights,
  components: ComponentRegistry,
  compute: Compute,
): Promise<LoadedModel> {
  const model = await loadModel(await baseDir(place), familiesOf(components), { weights });
  return { ...model, weights: await weightsFor(compute, model.config, model.weights) };
}
