import { UserError } from '@gmoe/core';
import { RandomKey } from '@gmoe/tensor';
import { isChat, isChoice, type Example } from '../example.js';

/** What stands between examples, as in the EleutherAI harness. */
const BETWEEN = '\n\n';

/**
 * An example with others, answered, before its prompt.
 * @throws UserError on a conversation
 */
export function withShots<Of extends Example>(example: Of, shots: readonly Example[]): Of {
  if (shots.length === 0) return example;
  const before = shots.map((shot) => `${answered(shot)}${BETWEEN}`).join('');
  if (isChoice(example)) {
    const { prompts } = example;
    return {
      ...example,
      prompt: before + example.prompt,
      ...(prompts ? { prompts: prompts.map((prompt) => before + prompt) } : {}),
    };
  }
  if (isChat(example)) throw conversation();
  return { ...example, parts: [{ text: before, supervised: false }, ...example.parts] };
}

/** An example with its right answer, as text. */
function answered(example: Example): string {
  if (isChoice(example)) {
    const { prompt, prompts, options, answer } = example;
    return (prompts?.[answer] ?? prompt) + options[answer]!;
  }
  if (isChat(example)) throw conversation();
  return example.parts.map(({ text }) => text).join('');
}

const conversation = () => new UserError('task.shots: conversations take no examples before them; leave it out');

/**
 * `count` different examples that stand before the one of this id, the same in every run.
 * @throws UserError if there are not as many
 */
export function drawShots<Of extends Example>(pool: readonly Of[], count: number, id: string, seed: number): Of[] {
  if (count > pool.length) throw new UserError(`task.shots: ${count} are more than the ${pool.length} of train`);
  const chosen = new Set<number>();
  const key = RandomKey.fromSeed(seed).fold('shots').fold(id);
  for (let round = 0; chosen.size < count; round++) {
    for (const word of key.fold(round).words(2 * count)) {
      if (chosen.size < count) chosen.add(word % pool.length);
    }
  }
  return [...chosen].map((index) => pool[index]!);
}
