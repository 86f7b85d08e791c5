import { UserError } from '@gmoe/core';
import { z } from 'zod';
import { NAMED_TOKENS } from '../tokenizer/tokenizer-json.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createChatTemplate, type ChatTemplate } from './chat-template.js';

/** `chat_template` of tokenizer_config.json: one template, or several by name, of which `default` is taken. */
const templateSchema = z.union([
  z.string(),
  z
    .array(z.object({ name: z.string(), template: z.string() }))
    .transform((all) => (all.find(({ name }) => name === 'default') ?? all[0])?.template),
]);

const made = new WeakMap<Tokenizer, ChatTemplate>();

/** The chat template of a model, from its tokenizer's files. @throws UserError if it has none, or one that cannot be read */
export function chatTemplateOf(tokenizer: Tokenizer): ChatTemplate {
  const before = made.get(tokenizer);
  if (before) return before;
  const { config } = tokenizer.files;
  const { data: source } = templateSchema.safeParse(config['chat_template']);
  if (source === undefined) {
    throw new UserError(
      "the base model's tokenizer has no chat template (chat_template of tokenizer_config.json, or chat_template.jinja)",
    );
  }
  const named: Record<string, string> = {};
  for (const name of NAMED_TOKENS) {
    const token: unknown = config[name];
    if (typeof token === 'string') named[name] = token;
    else if (typeof token === 'object' && token && 'content' in token) named[name] = String(token.content);
  }
  const template = createChatTemplate(source, { named, special: tokenizer.specialTokens });
  made.set(tokenizer, template);
  return template;
}
