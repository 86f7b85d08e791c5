import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeExamples, isText, type ChatMessage, type EncodedText } from '@gmoe/datasets';
import { chatTemplateOf, createChatTemplate, createTokenizer, type Tokenizer } from '@gmoe/model';
import { describe, expect, it } from 'vitest';

interface Case {
  readonly conversation: number;
  readonly error?: string;
  readonly text: string;
  readonly ids: readonly number[];
  readonly asked: string;
  readonly mask?: readonly number[];
}

/** Written by tools/goldens/chat_templates.py with transformers. */
const golden = JSON.parse(readFileSync('libs/model/src/chat/testing/chat-templates.json', 'utf8')) as {
  readonly conversations: readonly (readonly ChatMessage[])[];
  readonly templates: readonly {
    readonly name: string;
    readonly template: string;
    readonly tagged?: string;
    readonly named: Record<string, string>;
    readonly added: Record<string, string>;
    readonly cases: readonly Case[];
  }[];
};
const bundled = JSON.parse(readFileSync(join('models', 'openstax-2m', 'tokenizer.json'), 'utf8')) as {
  added_tokens: object[];
};

/** The bundled tokenizer with a model's special tokens and chat template. */
function tokenizerOf({ template, named, added }: (typeof golden.templates)[number]): Tokenizer {
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const tokens = Object.entries(added).map(([id, content]) => ({ id: Number(id), content, ...special }));
  const json = { ...bundled, added_tokens: [...bundled.added_tokens, ...tokens] };
  return createTokenizer(json, { ...named, chat_template: template });
}

const encode = async (messages: readonly ChatMessage[], tokenizer: Tokenizer): Promise<EncodedText> => {
  const [encoded] = await encodeExamples([{ id: 'x', messages }], tokenizer, { chat: chatTemplateOf(tokenizer) });
  if (!encoded || !isText(encoded)) throw new Error('not a text');
  return encoded;
};

/** 1 where a token is learned. */
const maskOf = ({ ids, supervised }: EncodedText): number[] =>
  ids.map((_, i) => Number(supervised.some(({ begin, end }) => i >= begin && i < end)));

describe.each(golden.templates)('$name', (family) => {
  const tokenizer = tokenizerOf(family);
  const chat = chatTemplateOf(tokenizer);

  it.each(family.cases)('conversation $conversation: text, ids and learned tokens of transformers', async (wanted) => {
    const messages = golden.conversations[wanted.conversation]!;
    if (wanted.error !== undefined) {
      expect(() => chat.render(messages)).toThrow(wanted.error);
      return;
    }
    expect(chat.render(messages)).toBe(wanted.text);
    expect(chat.render(messages.slice(0, -1), { addGenerationPrompt: true })).toBe(wanted.asked);
    const encoded = await encode(messages, tokenizer);
    expect(encoded.ids).toEqual(wanted.ids);
    if (wanted.mask) expect(maskOf(encoded)).toEqual(wanted.mask);
  });

  it.skipIf(family.tagged === undefined)('with its turns marked by {% generation %}: the same', () => {
    const tagged = createChatTemplate(family.tagged!, { named: family.named, special: [] });
    for (const { conversation, error } of family.cases) {
      const messages = golden.conversations[conversation]!;
      if (error === undefined) expect(tagged.conversation(messages)).toEqual(chat.conversation(messages));
    }
  });
});

describe('turns', () => {
  const named = (name: string) => golden.templates.find((each) => each.name === name)!;
  const learned = (name: string, messages: readonly ChatMessage[]) => {
    const { text, assistant } = chatTemplateOf(tokenizerOf(named(name))).conversation(messages);
    return assistant.map(({ begin, end }) => text.slice(begin, end));
  };

  it('what a thinking model writes before its answer is learned, as far as the template keeps it', () => {
    expect(learned('Qwen3', golden.conversations[0]!)).toEqual([
      '<think>\n\n</think>\n\nThe smallest unit of life.<|im_end|>',
    ]);
    expect(learned('Qwen3', golden.conversations[2]!)).toEqual([
      'Jupiter ½<|im_end|>',
      '<think>\nhm\n</think>\n\nthe end<|im_end|>',
    ]);
  });

  it('an answer that repeats what stands between turns is whole', () => {
    const between = '<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n';
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: `x${between}y` },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: 'z' },
    ];
    expect(learned('SmolLM2', messages)).toEqual([`x${between}y<|im_end|>`, 'z<|im_end|>']);
  });

  it('refuses a template that hides a turn, and a base without one', () => {
    const hiding = createChatTemplate(
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
      {
        named: {},
        special: [],
      },
    );
    expect(() => hiding.conversation(golden.conversations[0]!)).toThrow(
      /the assistant's turns cannot be told from the rest; mark them/,
    );
    expect(() => chatTemplateOf(createTokenizer(bundled, {}))).toThrow(/has no chat template/);
    expect(() => createChatTemplate('{% if %}', { named: {}, special: [] })).toThrow(/^chat template: /);
  });
});
