import { parseOptions } from '@gmoe/core';
import { createEngine, DEVICES, ENGINES, RECOMPUTES, type EngineOptions } from '@gmoe/tensor';
import type { Command } from 'commander';
import { z } from 'zod';

const schema = z.object({
  engine: z.enum(ENGINES).optional(),
  device: z.enum(DEVICES).optional(),
  threads: z.coerce.number().int().min(1).optional(),
  recompute: z.enum(RECOMPUTES).optional(),
});

/** Adds `--engine`, `--device` and `--threads` to a command. */
export function addEngineOptions(command: Command): Command {
  return command
    .option('--engine <name>', `${ENGINES.join(' | ')} (default: compiled)`)
    .option('--device <name>', `${DEVICES.join(' | ')} (default: auto)`)
    .option('--threads <n>', 'threads inside one op, compiled engine on the cpu (default: 1)');
}

/** Adds `--recompute` to a command that trains without a trial's config. */
export function addRecomputeOption(command: Command): Command {
  return command.option(
    '--recompute <what>',
    `${RECOMPUTES.join(' | ')}: what a gradient computes again in place of holding it (default: none)`,
  );
}

/** @throws UserError naming the option and what is allowed */
export function readEngineOptions(options: object): EngineOptions {
  const { engine, device, threads, recompute } = parseOptions(schema, pick(options), '--');
  return {
    ...(engine ? { engine } : {}),
    ...(device ? { device } : {}),
    ...(threads ? { threads } : {}),
    ...(recompute ? { recompute } : {}),
  };
}

/** Opens what was asked for once, before anything is written. @throws UserError if it does not work here */
export async function requireEngine(options: EngineOptions): Promise<void> {
  if (options.engine ?? options.device) await (await createEngine(options)).dispose();
}

function pick(options: object): object {
  const { engine, device, threads, recompute } = options as Record<string, unknown>;
  return { engine, device, threads, recompute };
}
