import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from './user-error.js';

/**
 * The path `relative` in the nearest folder above a module that has it. Finds files of the workspace from the sources and
 * from the bundled app alike.
 *
 * @param variable environment variable that overrides the search
 * @throws UserError if there is none
 */
export function findUpward(moduleUrl: string, relative: string, variable: string): string {
  const override = process.env[variable];
  if (override) return override;
  const module = fileURLToPath(moduleUrl);
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const candidate = join(folder, relative);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) {
      throw new UserError(`${relative}: not found above ${dirname(module)}; set ${variable} to its path`);
    }
  }
}
