import { Template } from '@huggingface/jinja';
import { messageOf, UserError } from '@gmoe/core';
import { assistantSpans, markedSpans, withMarks, type Span } from './assistant-spans.js';

/** One turn of a conversation; roles are the template's: `system`, `user`, `assistant`. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** A conversation as the model reads it. */
export interface RenderedChat {
  readonly text: string;
  /** What the assistant wrote, the token that ends its turn included; places in `text`. */
  readonly assistant: readonly Span[];
}

/** How a model's conversations are written out as one text, special tokens included. */
export interface ChatTemplate {
  /**
   * The text that `apply_chat_template` of transformers gives.
   * @param addGenerationPrompt whether it ends where the assistant's next turn begins
   * @throws UserError if the template refuses the messages (roles that do not alternate, say)
   */
  render(messages: readonly ChatMessage[], options?: { readonly addGenerationPrompt?: boolean }): string;
  /** The whole conversation with the assistant's turns. @throws UserError as `render`, or where a turn cannot be found */
  conversation(messages: readonly ChatMessage[]): RenderedChat;
}

/** What of a tokenizer a template is rendered with. */
export interface TemplateTokens {
  /** `bos_token`, `eos_token` and the like, as they are written out. */
  readonly named: Readonly<Record<string, string>>;
  /** All special tokens, as they are written out. */
  readonly special: readonly string[];
}

/**
 * A chat template in Jinja.
 *
 * The assistant's turns are those inside `{% generation %}`, where the template says so. Else they are found by rendering
 * the conversation with stand-ins for what the assistant wrote: a turn begins where the generation prompt ends and ends
 * behind the special token that follows its text.
 *
 * @param where prefix of messages
 * @throws UserError if the template is no Jinja that is known here
 */
export function createChatTemplate(
  source: string,
  { named, special }: TemplateTokens,
  where = 'chat template',
): ChatTemplate {
  const marked = withMarks(source);
  const [template, markedTemplate] = [parse(source, where), marked === undefined ? undefined : parse(marked, where)];
  const renderWith = (by: Template, messages: readonly ChatMessage[], addGenerationPrompt: boolean): string => {
    try {
      return by.render({ ...named, messages, add_generation_prompt: addGenerationPrompt });
    } catch (error) {
      throw new UserError(`${where}: cannot write this conversation: ${messageOf(error)}`, { cause: error });
    }
  };
  const render: ChatTemplate['render'] = (messages, { addGenerationPrompt = false } = {}) =>
    renderWith(template, messages, addGenerationPrompt);
  return {
    render,
    conversation(messages) {
      if (markedTemplate) return markedSpans(renderWith(markedTemplate, messages, false));
      const assistant = assistantSpans(messages, { render, special });
      if (assistant) return { text: render(messages), assistant };
      throw new UserError(
        `${where}: the assistant's turns cannot be told from the rest; mark them in the template with {% generation %} and {% endgeneration %}`,
      );
    },
  };
}

function parse(source: string, where: string): Template {
  try {
    return new Template(source);
  } catch (error) {
    throw new UserError(`${where}: ${messageOf(error)}`, { cause: error });
  }
}
