import { UserError } from '@gmoe/core';
import { SITE_NAMES } from '@gmoe/model';
import { underPrefix, type HostTensor } from '@gmoe/tensor';
import type { PresentTensors } from './peft-config.js';

type Named = Readonly<Record<string, HostTensor>>;

/** PEFT's prefix before a module's path. */
export const PEFT_PREFIX = 'base_model.model.';
export const OWN_PREFIX = { trainable: 'gmoe.trainable.', frozen: 'gmoe.frozen.', state: 'gmoe.state.' } as const;

const MODULE = `model\\.layers\\.\\d+\\.(?:self_attn|mlp)\\.(?:${SITE_NAMES.join('|')})`;
/** LoRA and DoRA of one linear layer, which PEFT knows too. */
const LORA = new RegExp(`^(${MODULE})\\.lora_(?:[AB]\\.weight|magnitude_vector)$`);

/** Whether a tensor is LoRA of one linear layer, under PEFT's name. */
export function isPeftLora(name: string): boolean {
  return LORA.test(name);
}

/**
 * The name of a PEFT tensor here: without `base_model.model.` and the name of the adapter (`lora_A.default.weight`), with the
 * leading `model.` that some writers leave out.
 */
export function canonicalKey(key: string): string {
  const path = key
    .replace(/^base_model\.model\./, '')
    .replace(/^(?:model\.)+(?=model\.)/, '')
    .replace(/^(?=(?:layers|embed_tokens|norm)\.)/, 'model.');
  return path
    .replace(/\.(lora_[AB])\.[^.]+\.weight$/, '.$1.weight')
    .replace(/\.lora_magnitude_vector(?:\.[^.]+)?\.weight$/, '.lora_magnitude_vector')
    .replace(/\.modules_to_save\.[^.]+\.(weight|bias)$/, '.$1');
}

/** The tensors of an adapter's file, sorted by what they are. */
export interface SortedTensors extends PresentTensors {
  readonly trainable: Named;
  readonly frozen: Named;
  readonly state: Named;
}

/** @throws UserError naming a tensor that has no place in an adapter */
export function sortTensors(tensors: Named, where: string): SortedTensors {
  const trainable: Record<string, HostTensor> = { ...underPrefix(tensors, OWN_PREFIX.trainable) };
  const modules = new Set<string>();
  const saved = new Set<string>();
  for (const [key, tensor] of Object.entries(tensors)) {
    if (key.startsWith('gmoe.')) continue;
    const name = canonicalKey(key);
    const module = LORA.exec(name)?.[1];
    if (module) modules.add(module);
    else if (/lora_|original_module/.test(name) || !/\.(?:weight|bias)$/.test(name)) {
      throw new UserError(`${where}: tensor '${key}' is no LoRA of a known linear layer; ${expected(name)}`);
    } else saved.add(name.replace(/\.(?:weight|bias)$/, ''));
    if (trainable[name]) {
      throw new UserError(
        `${where}: two tensors stand for '${name}', '${key}' among them: several adapters in one file?`,
      );
    }
    trainable[name] = tensor;
  }
  return {
    trainable,
    frozen: underPrefix(tensors, OWN_PREFIX.frozen),
    state: underPrefix(tensors, OWN_PREFIX.state),
    modules: [...modules].sort(byPlace),
    saved: [...saved],
  };
}

function expected(name: string): string {
  if (name.includes('lora_embedding')) {
    return 'LoRA on the embedding is not known: train it as a whole (modules_to_save), or merge with PEFT';
  }
  return `expected ${PEFT_PREFIX}model.layers.<l>.self_attn.q_proj.lora_A.weight and the like, for ${SITE_NAMES.join(', ')}`;
}

/** Layer by layer, sites in the decoder's order. */
function byPlace(a: string, b: string): number {
  const place = (path: string) => {
    const parts = path.split('.');
    return Number(parts[2]) * SITE_NAMES.length + SITE_NAMES.findIndex((site) => site === parts.at(-1));
  };
  return place(a) - place(b);
}
