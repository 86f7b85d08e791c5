import { isUtf8 } from 'node:buffer';
import { messageOf, parseOptions, readBounded, UserError } from '@gmoe/core';
import { perplexity, type Perplexity } from '@gmoe/model';
import { createEngine } from '@gmoe/tensor';
import { loadAdaptedModel } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { COMPUTE_OPTION, modelOptionsShape, WEIGHTS_OPTION } from '../model-options.js';
import { printNotes } from '../print-notes.js';
import { components } from '../components.js';

const optionsSchema = z.object({
  ...modelOptionsShape,
  text: z.string(),
  window: z.coerce.number().int().min(2).default(512),
  stride: z.coerce.number().int().min(1).optional(),
});

export function addPerplexity(program: Command): void {
  addEngineOptions(
    program
      .command('perplexity')
      .description('bits that a base model, or a base with an adapter, needs for a text')
      .requiredOption('--text <file>', 'UTF-8 text')
      .option('--base <dir>', "base model folder (default: the adapter's own base, else bundled)")
      .option('--weights <type>', WEIGHTS_OPTION)
      .option('--compute <type>', COMPUTE_OPTION)
      .option('--adapter <dir>', 'adapter folder: plain LoRA or a routed mixture')
      .option('--window <n>', "tokens that a prediction looks back on, at most (default: 512, or the model's limit)")
      .option('--stride <n>', 'tokens scored per window (default: half of the window)')
      .action(runPerplexity),
  );
}

async function runPerplexity(raw: object): Promise<void> {
  const { text: path, window, stride, ...folders } = parseOptions(optionsSchema, raw, '--');
  const engineOptions = readEngineOptions(raw);
  const text = readText(path);
  const model = await loadAdaptedModel(folders, components, engineOptions.device);
  printNotes(model.notes);
  const engine = await createEngine(engineOptions);
  try {
    const scored = await perplexity(engine, model, text, {
      sequenceLength: window,
      ...(stride === undefined ? {} : { stride }),
    });
    const { tokens, bytes, characters } = scored;
    const rows: [string, string][] = [
      ['bits per token', scored.bitsPerToken.toFixed(4)],
      ['bits per byte', scored.bitsPerByte.toFixed(4)],
      ['bits per character', scored.bitsPerCharacter.toFixed(4)],
      ['perplexity per token', scored.perplexity.toFixed(3)],
      ['text', `${tokens} tokens predicted, ${bytes} bytes, ${characters} characters`],
      ['windows', windows(scored)],
    ];
    for (const [name, value] of rows) process.stdout.write(`${name.padEnd(22)} ${value}\n`);
  } finally {
    await engine.dispose();
  }
}

function windows({ tokens, sequenceLength, stride }: Perplexity): string {
  const count = Math.ceil(tokens / stride);
  if (count === 1) return 'one, the whole text';
  return `${count} of ${sequenceLength} tokens, ${stride} scored in each: every prediction sees at least ${sequenceLength - stride} tokens, or all there are`;
}

/** About as much as one string can hold. */
const MOST_BYTES = 500_000_000;

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readBounded(path, MOST_BYTES);
  } catch (error) {
    throw new UserError(`--text: ${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (!isUtf8(bytes)) throw new UserError(`--text: ${path}: is not UTF-8`);
  return bytes.toString('utf8');
}
