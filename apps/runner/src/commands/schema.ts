import { parseOptions } from '@gmoe/core';
import { sweepJsonSchema, trialJsonSchema } from '@gmoe/experiment';
import { pretrainRecipeSchema } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { components, schema } from '../components.js';

const KINDS = ['sweep', 'trial', 'pretrain'] as const;

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of a file format, so that an editor completes and checks YAML')
    .argument('[kind]', KINDS.join(' | '), 'sweep')
    .action((kind: string) => {
      const chosen = parseOptions(z.enum(KINDS), kind, 'kind');
      const document = {
        sweep: () => sweepJsonSchema(schema),
        trial: () => trialJsonSchema(schema),
        pretrain: () => components.jsonSchema(pretrainRecipeSchema),
      }[chosen]();
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    });
}
