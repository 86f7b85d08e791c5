import type { ChoiceExample } from '../example.js';
import type { EncodedChoice } from './encoded-example.js';
import type { Encoder, EncodingOptions } from './encoder.js';
import { lookUp, specialAsText, type Lookup } from './lookup.js';

/** Where the end of a prompt gives no answer. */
const ANCHOR = ':';

/** As much of a written conversation as decides how what follows is split; ends in the assistant's header. */
const TAIL = 64;

/**
 * Tokens of questions: what the encoder puts before a text, the prompt, and each option as it follows the prompt's last
 * character (a SentencePiece tokenizer would put a space of its own before an option alone). The rest of the prompt does not
 * matter, so that classes have the same tokens in every example.
 *
 * Special tokens that are written out in the data are text. Only a prompt template of the user's own (`template`) can hold
 * them as tokens. Through a chat template the prompt is the user's turn, and an option what the assistant's turn begins with,
 * without its leading space.
 */
export async function encodeChoices(
  examples: readonly ChoiceExample[],
  encoder: Encoder,
  options: EncodingOptions,
): Promise<EncodedChoice[]> {
  const asked = options.chat ? chatQuestions(options) : plainQuestions;
  const encoding = { specialAsText: options.chat ? false : specialAsText(encoder, options.template) };
  const startIds = options.chat ? [] : encoder.startIds;
  const questions = examples.map((example) => {
    const prompts = (example.prompts ?? [example.prompt]).map(asked.prompt);
    const behind = example.options.map((option, i) => ({
      end: asked.end((prompts[i] ?? prompts[0]!).text),
      option: asked.option(option),
    }));
    return { example, prompts, behind };
  });
  const all = questions.flatMap(({ behind }) => behind);
  const near = await lookUp(
    [
      ...questions.flatMap(({ prompts }) => prompts.flatMap(({ text, opening }) => [text, opening])),
      ...all.flatMap(({ end, option }) => [end, end + option]),
    ],
    encoder,
    encoding,
  );
  const merging = all.filter(({ end, option }) => !following(end, option, near)).map(({ option }) => option);
  const far = await lookUp([ANCHOR, ...merging.flatMap((option) => [ANCHOR + option, option])], encoder, encoding);

  return questions.map(
    ({ example: { id, options: texts, answer, prompts: own, characters, domain }, prompts, behind }) => {
      const promptIds = prompts.map(({ text }) => [...startIds, ...near(text)]);
      const first = prompts[own ? answer : 0]!;
      return {
        id,
        promptIds: promptIds[own ? answer : 0]!,
        start: startIds.length + agreeing(near(first.opening), near(first.text)),
        optionIds: behind.map(
          ({ end, option }) => following(end, option, near) ?? following(ANCHOR, option, far) ?? far(option),
        ),
        optionCharacters: characters ?? texts.map((option) => Array.from(option.trim()).length),
        gold: answer,
        ...(own ? { optionPromptIds: promptIds } : {}),
        ...(domain === undefined ? {} : { domain }),
      };
    },
  );
}

/** How prompts and options are written. */
interface Questions {
  /** A prompt as the model reads it, and what of it stays where it is cut. */
  prompt(text: string): { readonly text: string; readonly opening: string };
  /** What of a written prompt decides the tokens of an option behind it. */
  end(prompt: string): string;
  option(text: string): string;
}

const plainQuestions: Questions = {
  prompt: (text) => ({ text, opening: '' }),
  end: (prompt) => Array.from(prompt).at(-1) ?? ANCHOR,
  option: (text) => text,
};

function chatQuestions({ chat, system }: EncodingOptions): Questions {
  const before = system === undefined ? [] : [{ role: 'system', content: system }];
  return {
    prompt(content) {
      const text = chat!.render([...before, { role: 'user', content }], { addGenerationPrompt: true });
      return { text, opening: text.slice(0, Math.max(0, text.indexOf(content.trim()))) };
    },
    end: (prompt) => prompt.slice(-TAIL),
    option: (text) => text.replace(/^ /, ''),
  };
}

/** The tokens that a text adds to what it follows; undefined if the two merge. */
function following(before: string, text: string, encode: Lookup): readonly number[] | undefined {
  const alone = encode(before);
  const both = encode(before + text);
  return agreeing(alone, both) === alone.length && both.length > alone.length ? both.slice(alone.length) : undefined;
}

/** How many first tokens two lists have in common. */
function agreeing(one: readonly number[], other: readonly number[]): number {
  const differs = one.findIndex((id, i) => other[i] !== id);
  return differs < 0 ? one.length : differs;
}
