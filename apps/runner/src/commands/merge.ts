import { loadAdapter, mergeableLora, mergeAdapter } from '@gmoe/adapters-moe-lora';
import { parseOptions } from '@gmoe/core';
import { FLOAT_TYPES, saveModel, writeNewFolder } from '@gmoe/model';
import { loadAdaptedModel } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { components } from '../components.js';

const optionsSchema = z.object({
  base: z.string().optional(),
  floats: z.enum(FLOAT_TYPES).default('F32'),
});

export function addMerge(program: Command): void {
  program
    .command('merge')
    .description('fold plain LoRA into its base and write a whole model; routed mixtures are refused')
    .argument('<adapter>', 'adapter folder, of this program or of PEFT')
    .argument('<out>', 'new folder')
    .option('--base <dir>', "base model folder (default: the adapter's own base, else bundled)")
    .option('--floats <type>', `how weights are stored: ${FLOAT_TYPES.join(' | ')} (default: F32)`)
    .action(runMerge);
}

async function runMerge(adapter: string, out: string, raw: object): Promise<void> {
  const { base, floats } = parseOptions(optionsSchema, raw, '--');
  // Refused before the base, which may be large, is read.
  const lora = mergeableLora((await loadAdapter(adapter)).description);
  const { config, weights, tokenizer, file } = await loadAdaptedModel({ base, adapter }, components);
  const merged = mergeAdapter(config, weights, file!);
  await writeNewFolder(out, (draft) => saveModel(draft, { config, weights: merged, tokenizer }, { floats }));
  process.stdout.write(`${out}: rank ${lora.rank} on ${lora.targets.join(', ')} folded in, weights in ${floats}\n`);
}
