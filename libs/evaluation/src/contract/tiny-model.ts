import type { EncodedText } from '@gmoe/datasets';
import { decoderHidden, decoderLogits, initWeights, type ModelConfig } from '@gmoe/model';
import { RandomKey, tf } from '@gmoe/tensor';
import type { ChoiceItem } from '../item.js';

/** A model of 17 tokens with drawn weights. */
export const config: ModelConfig = {
  family: 'llama',
  vocabSize: 17,
  hiddenSize: 8,
  ffnSize: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  normEpsilon: 1e-6,
  rope: { base: 10_000 },
  maxPositions: 64,
  tiedEmbeddings: false,
  qkvBias: false,
  outputBias: false,
  ffnBias: false,
  qkNorm: false,
};
export const weights = initWeights(config, RandomKey.fromSeed(5), 0.5);
export const key = RandomKey.fromSeed(9);

/** Items of many lengths; options of one to three tokens with distinct first tokens. */
export const items: ChoiceItem[] = Array.from({ length: 23 }, (_, i) => {
  const draw = (name: string, count: number) => Array.from(key.fold(i).fold(name).words(count), (word) => word % 17);
  const first = [...key.fold(i).fold('first').permutation(17)];
  const optionIds = Array.from({ length: 2 + (i % 3) }, (_, o) => [first[o]!, ...draw(`o${o}`, (i + o) % 3)]);
  return {
    id: `item-${i}`,
    promptIds: draw('prompt', 1 + ((i * 7) % 11)),
    optionIds,
    optionCharacters: optionIds.map((ids) => 2 * ids.length + 1),
    gold: i % optionIds.length,
  };
});

/** Log-probabilities of the next token behind each token of one unpacked sequence, by the decoder itself. */
export function nextLogProbs(ids: readonly number[]): number[][] {
  return tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(weights).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    const row = (values: number[]) => tf.tensor2d([values], undefined, 'int32');
    const batch = {
      ids_BS: row([...ids]),
      positions_BS: row(ids.map((_, i) => i)),
      segments_BS: row(ids.map(() => 1)),
    };
    const logits = decoderLogits(config, tensors, decoderHidden(config, tensors, batch));
    return tf.logSoftmax(logits).arraySync() as number[][];
  });
}

/** Log-probability of a continuation. */
export function naive(prompt: readonly number[], option: readonly number[]): number {
  const logProbs = nextLogProbs([...prompt, ...option]);
  return option.reduce((sum, id, i) => sum + logProbs[prompt.length - 1 + i]![id]!, 0);
}

/** Texts of many lengths, learned from some token on. */
export const texts: EncodedText[] = Array.from({ length: 9 }, (_, i) => {
  const ids = Array.from(
    key
      .fold('text')
      .fold(i)
      .words(4 + ((i * 5) % 9)),
    (word) => word % 16,
  );
  const begin = 2 + (i % (ids.length - 2));
  return {
    id: `text-${i}`,
    ids,
    start: 0,
    supervised: [{ begin, end: ids.length }],
    reference: ids.slice(begin).join(' '),
    ...(i % 2 === 0 ? { domain: 'even' } : {}),
  };
});

/** Tokens are their numbers; 16 ends a text. */
export const tokenizer = {
  eosId: 16,
  decode: (ids: ArrayLike<number>) =>
    Array.from(ids)
      .filter((id) => id !== 16)
      .map((id) => ` ${id}`)
      .join(''),
};
