import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, readRegularJson, UserError, writeWhole } from '@gmoe/core';
import { readSafetensors, STORED_WEIGHTS, writeSafetensors } from '@gmoe/model';
import { withPrefix, type HostTensor } from '@gmoe/tensor';
import type { Adapter, AdapterInit, AdapterParams } from '../adapter.js';
import type { AdapterDescription } from './adapter-description.js';
import { OWN_TYPE, readOwnConfig, toOwnConfig } from './own-config.js';
import { readPeftConfig, toPeftConfig } from './peft-config.js';
import { isPeftLora, OWN_PREFIX, PEFT_PREFIX, sortTensors } from './tensor-keys.js';

type Named = Readonly<Record<string, HostTensor>>;

/**
 * An adapter as its files hold it. Of the state there is that of the routers: accumulated counts of the strategies belong to
 * training, and frozen tensors that follow from the base weights are made anew.
 */
export interface AdapterFile {
  readonly description: AdapterDescription;
  readonly tensors: AdapterParams<HostTensor>;
}

const CONFIG = 'adapter_config.json';
const TENSORS = 'adapter_model.safetensors';

/**
 * Writes an adapter folder: `adapter_model.safetensors`, then `adapter_config.json`. LoRA and DoRA are PEFT's own files
 * (`base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`), so that PEFT loads them. Of other adapters, plain LoRA has
 * PEFT's names too; the rest follows under `gmoe.trainable.`, `gmoe.frozen.` and `gmoe.state.` + its name, and `peft_type` is `GMOE`.
 */
export async function saveAdapter(dir: string, adapter: Adapter, { description, tensors }: AdapterFile): Promise<void> {
  const file: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors.trainable)) {
    file[(adapter.peft || isPeftLora(name) ? PEFT_PREFIX : OWN_PREFIX.trainable) + name] = tensor;
  }
  const keep = (entries: Named, drop: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => !drop(name)));
  Object.assign(
    file,
    withPrefix(
      keep(tensors.frozen, (name) => adapter.isDerived?.(name) ?? false),
      OWN_PREFIX.frozen,
    ),
    withPrefix(
      keep(tensors.state, (name) => name.startsWith('coordination.')),
      OWN_PREFIX.state,
    ),
  );
  const json = adapter.peft ? toPeftConfig(adapter.peft, description.baseModel) : toOwnConfig(description);
  await mkdir(dir, { recursive: true });
  await writeSafetensors(join(dir, TENSORS), file, { metadata: { format: 'pt', ...weightsMetadata(description) } });
  writeWhole(join(dir, CONFIG), `${JSON.stringify(json, undefined, 2)}\n`);
}

/** A config beyond this is none, bytes. */
const MOST_BYTES = 16 << 20;

/** Older PEFT pickled its tensors. */
function refusePickled(dir: string, file: string): void {
  const pickled = join(dir, 'adapter_model.bin');
  if (existsSync(file) || !existsSync(pickled)) return;
  throw new UserError(`${pickled}: is not read: save the adapter with PEFT's save_pretrained(safe_serialization=True)`);
}

/**
 * Reads an adapter folder: one that `saveAdapter` wrote, or PEFT's of LoRA and DoRA.
 * @throws UserError on a missing or damaged file, and on PEFT features that are not known here
 */
export async function loadAdapter(dir: string): Promise<AdapterFile> {
  const where = join(dir, CONFIG);
  let json: unknown;
  try {
    json = readRegularJson(where, MOST_BYTES);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${where}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const file = join(dir, TENSORS);
  refusePickled(dir, file);
  const { tensors: read, metadata } = await readSafetensors(file);
  const base = weightsOf(metadata, file);
  if ((json as { peft_type?: unknown } | null)?.peft_type === OWN_TYPE) {
    const description = readOwnConfig(json, where);
    const { trainable, frozen, state } = sortTensors(read, file);
    return { description: { ...description, ...base }, tensors: { trainable, frozen, state } };
  }
  // What the config says comes first: it tells why tensors have other names.
  readPeftConfig(json, { modules: [], saved: [] }, where);
  const { trainable, ...present } = sortTensors(read, file);
  const { lora, baseModel } = readPeftConfig(json, present, where);
  if (present.modules.length === 0 && present.saved.length === 0) throw new UserError(`${file}: holds no LoRA`);
  const { dora, ...options } = lora;
  return {
    description: {
      adapter: { id: dora ? 'dora' : 'lora', ...options },
      router: null,
      coordination: [],
      components: [],
      baseModel,
      ...base,
    },
    tensors: { trainable, frozen: {}, state: {} },
  };
}

/** Where the tensors' file says how the base was held: PEFT reads its config strictly, free text in metadata it leaves alone. */
const BASE_WEIGHTS = 'gmoe.base_weights';

function weightsMetadata({ baseWeights = 'float32' }: AdapterDescription): Record<string, string> {
  return baseWeights === 'float32' ? {} : { [BASE_WEIGHTS]: baseWeights };
}

/** @throws UserError if it is not known here */
function weightsOf(metadata: Readonly<Record<string, string>>, where: string): Pick<AdapterDescription, 'baseWeights'> {
  const written = metadata[BASE_WEIGHTS];
  if (written === undefined) return {};
  const baseWeights = STORED_WEIGHTS.find((known) => known === written);
  if (baseWeights) return { baseWeights };
  throw new UserError(
    `${where}: ${BASE_WEIGHTS}: must be one of ${STORED_WEIGHTS.join(', ')} (got ${JSON.stringify(written)})`,
  );
}

/**
 * A loaded adapter's tensors as the start of `adapter`; what files do not keep (counts, what follows from the base) starts fresh.
 * @throws UserError if a tensor is missing, misshapen or unknown
 */
export function adapterStart(adapter: Adapter, fresh: AdapterInit, { description, tensors }: AdapterFile): AdapterInit {
  const take = (wanted: Named, loaded: Named, optional: (name: string) => boolean): Named => {
    const extra = Object.keys(loaded).find((name) => !wanted[name]);
    if (extra) throw new UserError(`adapter tensor '${extra}' has no place in the adapter '${description.adapter.id}'`);
    return Object.fromEntries(
      Object.entries(wanted).map(([name, { shape }]) => {
        const tensor = loaded[name];
        if (!tensor && optional(name)) return [name, wanted[name]!];
        if (!tensor) throw new UserError(`adapter tensor '${name}' is missing`);
        if (tensor.size !== wanted[name]!.size || tensor.shape.join() !== shape.join()) {
          throw new UserError(
            `adapter tensor '${name}' has shape [${tensor.shape.join(', ')}], this base model needs [${shape.join(', ')}]`,
          );
        }
        if (tensor.dtype === 'int8') throw new UserError(`adapter tensor '${name}' holds int8 values, not floats`);
        return [name, tensor];
      }),
    );
  };
  return {
    trainable: take(fresh.trainable, tensors.trainable, () => false),
    frozen: take(fresh.frozen, tensors.frozen, (name) => adapter.isDerived?.(name) ?? false),
    state: take(fresh.state, tensors.state, () => true),
    warnings: [],
  };
}
