import { parseOptions } from '@gmoe/core';
import { FLOAT_TYPES } from '@gmoe/model';
import { mergeAdapter, saveMerged } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { components } from '../components.js';
import { printNotes } from '../print-notes.js';

const optionsSchema = z.object({
  base: z.string().optional(),
  floats: z.enum(FLOAT_TYPES).default('F32'),
});

export function addMerge(program: Command): void {
  program
    .command('merge')
    .description('fold LoRA or DoRA into its base and write a whole model; routed mixtures are refused')
    .argument('<adapter>', 'adapter folder, of this program or of PEFT')
    .argument('<out>', 'new folder')
    .option('--base <dir>', "base model folder (default: the adapter's own base, else bundled)")
    .option('--floats <type>', `how weights are stored: ${FLOAT_TYPES.join(' | ')} (default: F32)`)
    .action(runMerge);
}

async function runMerge(adapter: string, out: string, raw: object): Promise<void> {
  const { base, floats } = parseOptions(optionsSchema, raw, '--');
  const merged = await mergeAdapter({ base, adapter }, components);
  printNotes(merged.file.notes);
  await saveMerged(out, merged, floats);
  const { id, rank, targets } = merged.file.description.adapter;
  const where = Array.isArray(targets) ? targets.join(', ') : String(targets);
  process.stdout.write(`${out}: ${id} of rank ${String(rank)} on ${where} folded in, weights in ${floats}\n`);
}
