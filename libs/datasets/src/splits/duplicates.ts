import { isChat, isChoice, type Example } from '../example.js';

/** What makes two examples the same: prompt and options, or the text, whatever their case and spacing. */
export function contentKey(example: Example): string {
  return textsOf(example)
    .map((text) => text.toLowerCase().replace(/\s+/g, ' ').trim())
    .join('\n');
}

/** Examples that the list has held before. */
export function countRepeated(examples: readonly Example[]): number {
  return examples.length - new Set(examples.map(contentKey)).size;
}

/** The examples that occur in none of the others. */
export function without(examples: readonly Example[], others: readonly (readonly Example[])[]): Example[] {
  const held = new Set(others.flatMap((other) => other.map(contentKey)));
  return examples.filter((example) => !held.has(contentKey(example)));
}

function textsOf(example: Example): string[] {
  if (isChoice(example)) return [...(example.prompts ?? [example.prompt]), ...example.options];
  if (isChat(example)) return example.messages.map(({ role, content }) => `${role}: ${content}`);
  return [example.parts.map(({ text }) => text).join('')];
}
