import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError, writeWhole } from '@gmoe/core';
import { readSafetensors, SITE_NAMES, writeSafetensors } from '@gmoe/model';
import type { HostTensor } from '@gmoe/tensor';
import type { Adapter, AdapterInit } from '../adapter.js';
import { below, prefixed } from '../names.js';
import { parseAdapterConfig, toAdapterConfig, type AdapterDescription } from './adapter-config.js';

type Named = Readonly<Record<string, HostTensor>>;

/** Tensors of an adapter as files hold them. */
export interface AdapterTensors {
  readonly trainable: Named;
  readonly frozen: Named;
  /** Router state; accumulated counts of the strategies belong to the training state and are not kept here. */
  readonly state: Named;
}

export interface AdapterFile {
  readonly description: AdapterDescription;
  readonly tensors: AdapterTensors;
}

const CONFIG = 'adapter_config.json';
const TENSORS = 'adapter_model.safetensors';
/** PEFT's prefix before a module's path. */
const PEFT = 'base_model.model.';
const OWN = { trainable: 'gmoe.trainable.', frozen: 'gmoe.frozen.', state: 'gmoe.state.' } as const;
const PLAIN = /^model\.layers\.\d+\.(?:self_attn|mlp)\.(\w+)\.lora_[AB]\.weight$/;

/**
 * Writes an adapter in PEFT's layout: `adapter_model.safetensors`, then `adapter_config.json`. Plain LoRA has PEFT's own names
 * (`base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`), so that PEFT loads it. A mixture's tensors follow under
 * `gmoe.trainable.`, `gmoe.frozen.` and `gmoe.state.` + their names (see `NAMES`), and its `peft_type` is `GMOE`.
 */
export async function saveAdapter(dir: string, { description, tensors }: AdapterFile): Promise<void> {
  const file: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors.trainable)) {
    file[(PLAIN.test(name) ? PEFT : OWN.trainable) + name] = tensor;
  }
  Object.assign(file, prefixed(tensors.frozen, OWN.frozen));
  for (const [name, tensor] of Object.entries(tensors.state)) {
    if (!name.startsWith('coordination.')) file[OWN.state + name] = tensor;
  }
  const config = `${JSON.stringify(toAdapterConfig(description), undefined, 2)}\n`;
  await mkdir(dir, { recursive: true });
  await writeSafetensors(join(dir, TENSORS), file, { metadata: { format: 'pt' } });
  writeWhole(join(dir, CONFIG), config);
}

/**
 * Reads an adapter folder: one that `saveAdapter` wrote, or PEFT's for plain LoRA.
 * @throws UserError on a missing or damaged file, and on PEFT features that are not known here
 */
export async function loadAdapter(dir: string): Promise<AdapterFile> {
  const where = join(dir, CONFIG);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(where, 'utf8'));
  } catch (error) {
    throw new UserError(`${where}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const { tensors } = await readSafetensors(join(dir, TENSORS));
  const plain = below(tensors, PEFT);
  const present = SITE_NAMES.filter((site) => Object.keys(plain).some((name) => PLAIN.exec(name)?.[1] === site));
  const description = parseAdapterConfig(json, present, where);
  const foreign = Object.keys(tensors).find(
    (name) => !name.startsWith('gmoe.') && !(name.startsWith(PEFT) && PLAIN.test(name.slice(PEFT.length))),
  );
  if (foreign) throw new UserError(`${join(dir, TENSORS)}: tensor '${foreign}' is no LoRA of a known linear layer`);
  if (!description.mixture && present.length === 0) throw new UserError(`${join(dir, TENSORS)}: holds no LoRA`);
  return {
    description,
    tensors: {
      trainable: { ...plain, ...below(tensors, OWN.trainable) },
      frozen: below(tensors, OWN.frozen),
      state: below(tensors, OWN.state),
    },
  };
}

/**
 * A loaded adapter's tensors as the start of `adapter`; what files do not keep (counts) starts fresh.
 * @throws UserError if a tensor is missing, misshapen or unknown
 */
export function adapterStart(adapter: Adapter, fresh: AdapterInit, { tensors }: AdapterFile): AdapterInit {
  const { lora, mixture } = adapter.settings;
  const what = `the adapter (${[lora && 'LoRA', mixture && 'mixture'].filter(Boolean).join(' and ')})`;
  const take = (wanted: Named, loaded: Named, optional: boolean): Named => {
    const extra = Object.keys(loaded).find((name) => !wanted[name]);
    if (extra) throw new UserError(`adapter tensor '${extra}' has no place in ${what}`);
    return Object.fromEntries(
      Object.entries(wanted).map(([name, { shape }]) => {
        const tensor = loaded[name];
        if (!tensor && optional) return [name, wanted[name]!];
        if (!tensor) throw new UserError(`adapter tensor '${name}' is missing`);
        if (tensor.size !== wanted[name]!.size || tensor.shape.join() !== shape.join()) {
          throw new UserError(
            `adapter tensor '${name}' has shape [${tensor.shape.join(', ')}], this base model needs [${shape.join(', ')}]`,
          );
        }
        return [name, tensor];
      }),
    );
  };
  return {
    trainable: take(fresh.trainable, tensors.trainable, false),
    frozen: take(fresh.frozen, tensors.frozen, false),
    state: take(fresh.state, tensors.state, true),
    warnings: [],
  };
}
