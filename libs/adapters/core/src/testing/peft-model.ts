import { join } from 'node:path';
import { families } from '@gmoe/families';
import {
  decoderHidden,
  decoderLogits,
  loadModelConfig,
  loadWeights,
  readSafetensors,
  type DecoderBatch,
} from '@gmoe/model';
import { createEngine, crossEntropy, gatherRows, HostTensor, tf, type EngineName } from '@gmoe/tensor';
import { adaptedWeights, type Adapter, type AdapterParams } from '../adapter.js';

type Named<T = HostTensor> = Readonly<Record<string, T>>;

/** Folder of what tools/goldens/peft_roundtrip.py made with transformers and PEFT. */
export const peftGoldens = join(import.meta.dirname, 'peft');

/** A base model of the goldens. */
export async function peftBase(name = 'base') {
  const folder = join(peftGoldens, name);
  const config = await loadModelConfig(folder, families);
  return { config, weights: await loadWeights(folder, config) };
}

/** The tensors of a golden's file. */
export async function peftTensors(name: string): Promise<Named> {
  return (await readSafetensors(join(peftGoldens, `${name}.safetensors`))).tensors;
}

/** What a model with an adapter makes of ids [rows, length]: all logits, the mean loss of the next tokens, its gradients. */
export async function forwardAndGradients(
  engineName: EngineName,
  adapter: Adapter,
  base: Named,
  { trainable, frozen, state }: AdapterParams<HostTensor>,
  ids: HostTensor,
) {
  const [rows, length] = ids.shape as [number, number];
  const grid = (of: (t: number) => number) =>
    HostTensor.int(
      Array.from({ length: ids.size }, (_, t) => of(t)),
      [rows, length],
    );
  const withTarget = Array.from({ length: ids.size }, (_, t) => t).filter((t) => t % length < length - 1);
  const names = Object.keys(trainable);
  const engine = await createEngine({ engine: engineName, device: 'cpu' });
  try {
    const program = engine.jit(
      (
        held: { base: Named<tf.Tensor>; frozen: Named<tf.Tensor> },
        learned: Named<tf.Tensor>,
        carried: Named<tf.Tensor>,
        batch: DecoderBatch,
        rows_N: tf.Tensor1D,
        targets_N: tf.Tensor1D,
      ) => {
        const logitsOf = (values: readonly tf.Tensor[]) => {
          const params = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
          const bound = adapter.bind(
            { trainable: params, frozen: held.frozen, state: carried },
            { tokenMask_T: tf.ones([ids.size]), training: false },
          );
          const weights = adaptedWeights(adapter, held.base, params);
          return decoderLogits(adapter.config, weights, decoderHidden(adapter.config, weights, batch, bound.hooks));
        };
        const loss = (...values: tf.Tensor[]) =>
          crossEntropy(gatherRows(logitsOf(values), rows_N), targets_N).mean() as tf.Scalar;
        const inputs = names.map((name) => learned[name]!);
        const { value, grads } = names.length > 0 ? tf.valueAndGrads(loss)(inputs) : { value: loss(), grads: [] };
        return { logits: logitsOf(inputs), loss: value as tf.Scalar, gradients: grads };
      },
      { name: 'peft', frozen: { base, frozen } },
    );
    const { logits, loss, gradients } = await program(
      trainable,
      state,
      { ids_BS: grid((t) => ids.data[t]!), positions_BS: grid((t) => t % length), segments_BS: grid(() => 1) },
      HostTensor.int(withTarget),
      HostTensor.int(withTarget.map((t) => ids.data[t + 1]!)),
    );
    return { logits, loss, gradients: Object.fromEntries(names.map((name, i) => [name, gradients[i]!])) };
  } finally {
    await engine.dispose();
  }
}
