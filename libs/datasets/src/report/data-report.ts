import { createHash } from 'node:crypto';
import { messageOf, UserError, largest } from '@gmoe/core';
import { encodeExamples } from '../encoding/encode-examples.js';
import { isText } from '../encoding/encoded-example.js';
import type { Encoder, EncodingOptions } from '../encoding/encoder.js';
import { isChoice, isChat, SPLITS, type ChoiceExample, type Example, type Split } from '../example.js';
import type { SplitOrigin } from '../splits/split-origin.js';
import type { Task } from '../task.js';

/** Lengths of a split's examples. */
export interface TokenReport {
  /** Mean tokens of a prompt with its right answer. */
  readonly mean: number;
  readonly max: number;
  /** Examples that are longer than the sequence length, whose prompts are cut. */
  readonly truncated: number;
}

/** What is in a split. */
export interface SplitReport extends SplitOrigin {
  readonly split: Split;
  readonly examples: number;
  readonly tokens: TokenReport;
  /** Examples by right answer: name of the class, or place of the choice as a letter; in the order of the options. */
  readonly balance: Readonly<Record<string, number>>;
  /** Examples by their number of options, where that differs. */
  readonly options?: Readonly<Record<string, number>>;
  /** Expected accuracy of a guess, mean of one over the number of options; absent for texts. */
  readonly chance?: number;
  /** Accuracy of always giving the most frequent answer; absent for texts. */
  readonly majority?: number;
  /** sha256 of the examples as JSON lines of `[prompt, options, answer]`, or of parts or messages, in hexadecimal. */
  readonly sha256: string;
}

/** What a task's data is, split by split. */
export interface DataReport {
  readonly task: string;
  readonly kind: Task['kind'];
  readonly source: string;
  /** Longest sequence, tokens. */
  readonly sequenceLength: number;
  readonly splits: readonly SplitReport[];
  /** Splits that cannot be read, and why. */
  readonly missing: readonly { readonly split: Split; readonly reason: string }[];
}

/**
 * Reports on a prepared task.
 * @param encoding the chat template, for a task that asks through it
 * @throws UserError if no split can be read
 */
export async function dataReport(
  task: Task,
  encoder: Encoder,
  sequenceLength: number,
  encoding: Pick<EncodingOptions, 'chat' | 'system'> = {},
): Promise<DataReport> {
  const splits: SplitReport[] = [];
  const missing: { split: Split; reason: string }[] = [];
  for (const split of SPLITS) {
    try {
      splits.push(await splitReport(task, split, encoder, sequenceLength, encoding));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      missing.push({ split, reason: messageOf(error) });
    }
  }
  if (splits.length === 0) throw new UserError(missing[0]!.reason);
  return { task: task.id, kind: task.kind, source: task.source, sequenceLength, splits, missing };
}

/** What is in one split of a prepared task. @throws UserError if it cannot be read */
export async function splitReport(
  task: Task,
  split: Split,
  encoder: Encoder,
  sequenceLength: number,
  encoding: Pick<EncodingOptions, 'chat' | 'system'> = {},
): Promise<SplitReport> {
  const examples = task.load(split);
  const choices = examples.filter(isChoice);
  const balance = balanceOf(task, choices);
  return {
    split,
    ...task.origin(split),
    examples: examples.length,
    tokens: await tokensOf(examples, encoder, sequenceLength, { template: task.template, ...encoding }),
    balance,
    ...(choices.length > 0
      ? {
          ...optionCounts(choices),
          chance: choices.reduce((sum, { options }) => sum + 1 / options.length, 0) / choices.length,
          majority: largest(Object.values(balance)) / choices.length,
        }
      : {}),
    sha256: digest(examples),
  };
}

/** One line on a split for a log: how many examples of how many rows, what was left out, and the digest. */
export function splitSummary(task: Task, split: Split): string {
  const examples = task.load(split);
  const { rows, dropped, repeated, encodings } = task.origin(split);
  const left = Object.entries(dropped).map(([reason, count]) => `, ${count} dropped (${reason})`);
  const again = repeated > 0 ? `, ${repeated} repeated` : '';
  const read = encodings.filter((each) => each !== 'utf-8').map((each) => `, read as ${each}`);
  return `${split}: ${examples.length} examples of ${rows} rows${left.join('')}${again}${read.join('')}, sha256 ${digest(examples)}`;
}

/** sha256 of a split's examples as JSON lines of `[prompt, options, answer]`, in hexadecimal. @throws UserError as `load` */
export function splitDigest(task: Task, split: Split): string {
  return digest(task.load(split));
}

async function tokensOf(
  examples: readonly Example[],
  encoder: Encoder,
  sequenceLength: number,
  encoding: EncodingOptions,
): Promise<TokenReport> {
  let [sum, max, truncated] = [0, 0, 0];
  for (const encoded of await encodeExamples(examples, encoder, encoding)) {
    const length = isText(encoded)
      ? encoded.ids.length
      : encoded.promptIds.length + encoded.optionIds[encoded.gold]!.length;
    sum += length;
    max = Math.max(max, length);
    // The last token of the answer is predicted only.
    truncated += Number(length - 1 > sequenceLength);
  }
  return { mean: sum / examples.length, max, truncated };
}

/** `options` of a report; nothing where every example has as many. */
function optionCounts(examples: readonly ChoiceExample[]): Pick<SplitReport, 'options'> {
  const counts: Record<string, number> = {};
  for (const { options } of examples) counts[options.length] = (counts[options.length] ?? 0) + 1;
  return Object.keys(counts).length > 1 ? { options: counts } : {};
}

function balanceOf({ classes }: Task, examples: readonly ChoiceExample[]): Record<string, number> {
  if (examples.length === 0) return {};
  const options = largest(examples.map((example) => example.options.length));
  const names = classes ?? Array.from({ length: options }, (_, i) => String.fromCharCode(65 + i));
  const counts = names.map(() => 0);
  for (const { answer } of examples) counts[answer]!++;
  return Object.fromEntries(names.map((name, i) => [name, counts[i]!]));
}

function digest(examples: readonly Example[]): string {
  const hash = createHash('sha256');
  for (const example of examples) hash.update(`${JSON.stringify(digested(example))}\n`);
  return hash.digest('hex');
}

function digested(example: Example): unknown {
  if (isChoice(example)) return [example.prompts ?? example.prompt, example.options, example.answer];
  return isChat(example) ? example.messages : example.parts;
}
