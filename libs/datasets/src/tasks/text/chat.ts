import { parseJson } from '@gmoe/core';
import { z } from 'zod';
import type { ChatMessage } from '../../example.js';
import { rowError, type Row } from '../../files/row.js';
import { defineTask } from '../../task.js';
import { cell, textCell } from '../generic/cells.js';
import { column, fileTaskOptions } from '../generic/file-options.js';
import { fileSplits } from '../generic/file-task.js';

const options = fileTaskOptions.omit({ shots: true, shotsSeed: true, chatTemplate: true }).extend({
  columns: z
    .strictObject({
      messages: column.default('messages').describe('list of turns, {role, content} or {from, value}; in CSV as JSON'),
      id: column.nullable().default(null).describe('name of the example; null = file and row'),
      domain: column.nullable().default(null).describe('what the example is about, for reports; null = none'),
    })
    .prefault({})
    .describe('names of the columns; dots lead into nested values'),
  system: z
    .string()
    .min(1)
    .optional()
    .describe('system turn for conversations that have none; default: none, or as the template has it'),
});

/** Any conversations, from the user's own file, through the base model's chat template. */
export const chatTask = defineTask({
  id: 'chat',
  description: "conversations through the model's chat template, from the user's own file",
  bundled: false,
  options,
  create(chosen) {
    const { columns, system } = chosen;
    const splits = fileSplits(chosen, (row, index) => {
      const messages = messagesOf(row, columns.messages);
      const own = messages.some(({ role }) => role === 'system');
      if (!messages.some(({ role, content }) => role === 'assistant' && content.trim() !== '')) {
        return { dropped: 'empty answer' };
      }
      return {
        id: columns.id === null ? `${row.file}-${index}` : textCell(row, columns.id),
        messages: system === undefined || own ? messages : [{ role: 'system', content: system }, ...messages],
        ...(columns.domain === null ? {} : { domain: textCell(row, columns.domain) }),
      };
    });
    return {
      id: 'chat',
      kind: 'text',
      chat: {},
      get source() {
        return `${splits.files}; ${splits.protocol()}`;
      },
      prepare: () => splits.prepare(),
      files: () => splits.paths(),
      load: (split) => splits.examples(split),
      origin: (split) => splits.origin(split),
    };
  },
});

/** Roles by the names that files have for them. */
const ROLES: Readonly<Record<string, string>> = {
  human: 'user',
  gpt: 'assistant',
  bot: 'assistant',
  model: 'assistant',
};

const turnSchema = z.union([
  z.object({ role: z.string(), content: z.string() }),
  z.object({ from: z.string(), value: z.string() }).transform(({ from, value }) => ({ role: from, content: value })),
]);

/** @throws UserError naming file, line, column and value */
function messagesOf(row: Row, name: string): ChatMessage[] {
  const stored = cell(row, name);
  const parsed = z
    .array(turnSchema)
    .min(1)
    .safeParse(typeof stored === 'string' ? fromJson(stored) : stored);
  if (!parsed.success) {
    throw rowError(row, name, 'must be a list of turns, each {role, content} or {from, value} with texts', stored);
  }
  return parsed.data.map(({ role, content }) => ({ role: ROLES[role] ?? role, content }));
}

function fromJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
