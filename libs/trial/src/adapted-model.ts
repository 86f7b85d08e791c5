import { join } from 'node:path';
import {
  adaptedWeights,
  adapterKind,
  adapterStart,
  fixedAdapter,
  loadAdapter,
  type Adapter,
  type AdapterFile,
  type AdapterInit,
} from '@gmoe/adapters-core';
import { UserError, type ComponentRegistry } from '@gmoe/core';
import type { FixedAdapter, LoadedModel, StoredWeights } from '@gmoe/model';
import { RandomKey, type Compute, type DeviceName } from '@gmoe/tensor';
import { checkAdapterCode } from './adapter-code.js';
import { baseChoice, checkWeightsFit, type BaseChoice } from './base-choice.js';
import { loadBase } from './base-model.js';
import { isBase } from './base-path.js';
import { buildAdapter } from './build-adapter.js';
import { checkComponents } from './needed-components.js';

/** An adapter of a folder on a base model. */
export interface AttachedAdapter {
  readonly adapter: Adapter;
  readonly start: AdapterInit;
}

/** A base model with what an adapter folder adds to it: config and weights are the adapted ones. */
export interface AdaptedModel extends LoadedModel {
  readonly adapter?: FixedAdapter;
  /** Remarks on the adapter's code, one line each. */
  readonly notes: readonly string[];
}

/** An adapter folder whose components are all here. */
export interface ReadAdapter extends AdapterFile {
  /** What is there in another version, one line each. */
  readonly notes: readonly string[];
}

/**
 * Reads an adapter folder.
 * @throws UserError if it is damaged, or needs components that are not known here
 */
export async function readAdapter(folder: string, components: ComponentRegistry): Promise<ReadAdapter> {
  const file = await loadAdapter(folder);
  const notes = checkAdapterCode(folder, components);
  checkComponents(file.description, components, join(folder, 'adapter_config.json'));
  return { ...file, notes };
}

/** What a command line says of base and adapter. */
export interface ModelFolders {
  /** Folder or name of the base. */
  readonly base?: string | undefined;
  /** How the base's weights are held. */
  readonly weights?: StoredWeights | undefined;
  readonly adapter?: string | undefined;
}

/**
 * The base: what is given, else what the adapter was made on, else the bundled model. An adapter's base in 8 bits stays so in another place.
 * @throws UserError if it is not here
 */
export function baseOf({ base, weights, adapter }: ModelFolders, file: AdapterFile | undefined): BaseChoice {
  const { baseModel: named, baseWeights } = file?.description ?? {};
  if (base === undefined && named && !isBase(named)) {
    throw new UserError(`${adapter}: was made on '${named}', which is no folder here; name the base with --base`);
  }
  return baseChoice(base ?? named ?? 'bundled', weights ?? baseWeights);
}

/** Builds the adapter of a file on a base; every tensor is checked against it. @throws UserError if they do not fit */
export function attachAdapter(file: AdapterFile, base: LoadedModel, components: ComponentRegistry): AttachedAdapter {
  const { adapter: choice, router, coordination } = file.description;
  const resolved = components.resolveChoice(adapterKind, choice, { where: 'adapter_config.json' });
  const adapter = buildAdapter({ adapter: resolved, router, coordination }, base.config, components);
  return { adapter, start: adapterStart(adapter, adapter.init(RandomKey.fromSeed(0), base.weights), file) };
}

/**
 * Loads a base model and, where one is named, an adapter on it.
 * @throws UserError if one is missing or damaged, or if they do not fit together
 */
export async function loadAdaptedModel(
  folders: ModelFolders & { readonly compute?: Compute },
  components: ComponentRegistry,
  device?: DeviceName,
): Promise<AdaptedModel> {
  const file = folders.adapter === undefined ? undefined : await readAdapter(folders.adapter, components);
  const choice = baseOf(folders, file);
  checkWeightsFit(choice, device);
  const base = await loadBase(choice, components, folders.compute);
  if (!file) return { ...base, notes: [] };
  const { adapter, start } = attachAdapter(file, base, components);
  return {
    ...base,
    config: adapter.config,
    weights: adaptedWeights(adapter, base.weights, start.trainable),
    adapter: fixedAdapter(adapter, start),
    notes: file.notes,
  };
}
