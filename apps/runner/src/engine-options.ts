import { parseOptions } from '@gmoe/core';
import { createEngine, DEVICES, ENGINES, type EngineOptions } from '@gmoe/tensor';
import type { Command } from 'commander';
import { z } from 'zod';

const schema = z.object({
  engine: z.enum(ENGINES).optional(),
  device: z.enum(DEVICES).optional(),
  threads: z.coerce.number().int().min(1).optional(),
});

/** Adds `--engine`, `--device` and `--threads` to a command. */
export function addEngineOptions(command: Command): Command {
  return command
    .option('--engine <name>', `${ENGINES.join(' | ')} (default: compiled)`)
    .option('--device <name>', `${DEVICES.join(' | ')} (default: auto)`)
    .option('--threads <n>', 'threads inside one op, compiled engine on the cpu (default: 1)');
}

/** @throws UserError naming the option and what is allowed */
export function readEngineOptions(options: object): EngineOptions {
  const { engine, device, threads } = parseOptions(schema, pick(options), '--');
  return {
    ...(engine ? { engine } : {}),
    ...(device ? { device } : {}),
    ...(threads ? { threads } : {}),
  };
}

/** Opens what was asked for once, before anything is written. @throws UserError if it does not work here */
export async function requireEngine(options: EngineOptions): Promise<void> {
  if (options.engine ?? options.device) await (await createEngine(options)).dispose();
}

function pick(options: object): object {
  const { engine, device, threads } = options as Record<string, unknown>;
  return { engine, device, threads };
}
