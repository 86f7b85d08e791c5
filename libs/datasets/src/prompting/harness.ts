import type { ChoiceExample } from '../example.js';
import { blankEnd, stripped } from './python-text.js';

/** Whose prompts a task asks with. */
export const STYLES = ['authors', 'lm-eval'] as const;

/** A question as the EleutherAI harness (0.4) asks it: a context, and continuations of it. */
export interface HarnessQuestion {
  readonly id: string;
  /** The context of all continuations, or one of each. */
  readonly context: string | readonly string[];
  /** The continuations, or the one of all contexts, as the data have them. */
  readonly choices: readonly string[] | string;
  /** Index of the right one. */
  readonly answer: number;
  readonly domain?: string;
}

/**
 * A question of the harness as an example: a space between context and continuation, outer spaces of choices kept, white
 * space at the end of a context moved to the continuation, and lengths as `acc_norm` counts them (the choice alone, in code
 * points).
 */
export function harnessExample({ id, context, choices, answer, domain }: HarnessQuestion): ChoiceExample {
  const contexts = typeof context === 'string' ? undefined : context;
  const count = contexts?.length ?? choices.length;
  const contextOf = (i: number) => contexts?.[i] ?? (context as string);
  const choiceOf = (i: number) => (typeof choices === 'string' ? choices : choices[i]!);
  const blankOf = (i: number) => blankEnd(contextOf(i));
  const promptOf = (i: number) => contextOf(i).slice(0, contextOf(i).length - blankOf(i).length);
  const each = Array.from({ length: count }, (_, i) => i);
  return {
    id,
    prompt: promptOf(contexts ? answer : 0),
    options: each.map((i) => `${blankOf(i)} ${choiceOf(i)}`),
    answer,
    characters: each.map((i) => Math.max(1, Array.from(choiceOf(i)).length)),
    ...(contexts ? { prompts: each.map(promptOf) } : {}),
    ...(domain === undefined ? {} : { domain }),
  };
}

/** HellaSwag's texts without what is left of WikiHow in them, as the harness cleans them. */
export function withoutWikiHow(text: string): string {
  return stripped(text)
    .replaceAll(' [title]', '. ')
    .replace(/\[[^\n]*?\]/g, '')
    .replaceAll('  ', ' ');
}
