import { UserError } from '@gmoe/core';
import { isChat, type ChatExample, type ChatMessage, type TextExample } from '../example.js';
import type { EncodingOptions } from './encoder.js';

/** A text as the model reads it, before it becomes tokens. */
export interface WrittenText {
  readonly id: string;
  readonly domain?: string;
  readonly text: string;
  /** What is learned, in UTF-16 units. */
  readonly learned: readonly { readonly begin: number; readonly end: number }[];
  /** The text of the last learned part, without what ends it. */
  readonly reference: string;
  /** Whether a chat template wrote it, special tokens and all. */
  readonly bySpecialTokens: boolean;
}

/**
 * Writes a text or a conversation out. Spaces at the end of a given part belong to the learned part behind it, as they do to
 * the tokens of running text. Conversations, and texts where a chat template is asked for, are what the template gives;
 * the assistant's turns are learned, each with the token that ends it.
 * @throws UserError where a conversation has no chat template, or one that refuses it
 */
export function writtenText(example: TextExample | ChatExample, { chat, system }: EncodingOptions): WrittenText {
  const { id, domain } = example;
  const named = { id, ...(domain === undefined ? {} : { domain }) };
  if (isChat(example) || chat) {
    if (!chat) throw new UserError(`task: '${id}' is a conversation, which needs a base model with a chat template`);
    const messages = isChat(example) ? example.messages : asConversation(example, system);
    const { text, assistant } = chat.conversation(messages);
    const reference = messages.findLast(({ role }) => role === 'assistant')?.content.trim() ?? '';
    return { ...named, text, learned: assistant, reference, bySpecialTokens: true };
  }
  const learned: { begin: number; end: number }[] = [];
  let text = '';
  for (const part of example.parts) {
    const begin = text.length - / *$/.exec(text)![0].length;
    text += part.text;
    if (part.supervised && part.text !== '') learned.push({ begin, end: text.length });
  }
  const reference = example.parts.findLast(({ supervised }) => supervised)?.text.trim() ?? '';
  return { ...named, text, learned, reference, bySpecialTokens: false };
}

/** Given parts as the user's turns, learned ones as the assistant's. */
function asConversation({ parts }: TextExample, system: string | undefined): ChatMessage[] {
  const turns = parts
    .filter(({ text }) => text !== '')
    .map(({ text, supervised }) => ({ role: supervised ? 'assistant' : 'user', content: text.trim() }));
  const merged = turns.reduce<ChatMessage[]>((all, turn) => {
    const before = all.at(-1);
    if (before?.role !== turn.role) return [...all, turn];
    return [...all.slice(0, -1), { ...turn, content: `${before.content}\n\n${turn.content}` }];
  }, []);
  return system === undefined ? merged : [{ role: 'system', content: system }, ...merged];
}
