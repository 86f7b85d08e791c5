import { adapterStart, fixedAdapter, loadAdapter, type Adapter, type AdapterFile } from '@gmoe/adapters-moe-lora';
import { parseOptions, UserError, type ComponentRegistry } from '@gmoe/core';
import type { FixedAdapter, LoadedModel, ModelConfig } from '@gmoe/model';
import { RandomKey } from '@gmoe/tensor';
import { z } from 'zod';
import { checkAdapterCode } from './adapter-code.js';
import { isBase, loadBase } from './base-model.js';
import { buildAdapter } from './build-adapter.js';

/** A base model with what an adapter folder adds to it. */
export interface AdaptedModel extends LoadedModel {
  readonly adapter?: FixedAdapter;
  /** Remarks on the adapter's code, one line each. */
  readonly notes: readonly string[];
  /** The adapter as its files hold it. */
  readonly file?: AdapterFile;
}

const componentSchema = z.looseObject({ id: z.string() });

/**
 * Loads a base model and, where one is named, an adapter on it; every tensor of the adapter is checked against the base.
 * @param folders base: default the adapter's own base, else the bundled model
 * @throws UserError if one is missing or damaged, or if they do not fit together
 */
export async function loadAdaptedModel(
  folders: { readonly base?: string | undefined; readonly adapter?: string | undefined },
  components: ComponentRegistry,
): Promise<AdaptedModel> {
  const file = folders.adapter === undefined ? undefined : await loadAdapter(folders.adapter);
  const named = file?.description.baseModel;
  if (folders.base === undefined && named && !isBase(named)) {
    throw new UserError(
      `${folders.adapter}: was made on '${named}', which is no folder here; name the base with --base`,
    );
  }
  const notes = folders.adapter === undefined ? [] : checkAdapterCode(folders.adapter, components);
  const base = await loadBase(folders.base ?? named ?? 'bundled', components);
  if (!file) return { ...base, notes };
  const adapter = describedAdapter(file, base.config, components);
  const start = adapterStart(adapter, adapter.init(RandomKey.fromSeed(0)), file);
  return { ...base, notes, adapter: fixedAdapter(adapter, start), file };
}

/** The adapter that an `adapter_config.json` describes. */
function describedAdapter(
  { description: { lora, mixture, router, coordination } }: AdapterFile,
  base: ModelConfig,
  components: ComponentRegistry,
): Adapter {
  return buildAdapter(
    {
      adapter: { lora, mixture },
      router: mixture ? parseOptions(componentSchema, router, 'adapter_config.json: router') : null,
      coordination: parseOptions(z.array(componentSchema), coordination, 'adapter_config.json: coordination'),
    },
    base,
    components,
  );
}
