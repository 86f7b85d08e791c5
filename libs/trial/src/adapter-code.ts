import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { componentKind, parseOptions, readRegularJson, UserError, type ComponentRegistry } from '@gmoe/core';
import { codeSchema, type TrialCode } from '@gmoe/experiment';

const FILE = 'code.json';

/** Leaves in an adapter's folder what code made it. */
export function writeAdapterCode(folder: string, code: TrialCode): void {
  writeFileSync(join(folder, FILE), `${JSON.stringify(code, null, 2)}\n`);
}

/**
 * Checks that the components that an adapter needs are there.
 *
 * @returns what is there in another version, one line each
 * @throws UserError naming what is missing and where it came from
 */
export function checkAdapterCode(folder: string, components: ComponentRegistry): string[] {
  const path = join(folder, FILE);
  if (!existsSync(path)) return [];
  const notes: string[] = [];
  for (const { kind, id, source, digest } of readCode(path).components) {
    // What trained it (its task, optimizer, ...) is not needed to use it.
    if (!PARTS.has(kind)) continue;
    const origin = components.origin(componentKind(kind), id);
    if (!origin) {
      throw new UserError(
        `${folder}: needs the ${kind} '${id}' of ${source}${digest ? ` (sha256 ${digest.slice(0, 12)})` : ''}, which is not here; load it with --plugin FILE`,
      );
    }
    if (digest !== undefined && origin.digest !== undefined && digest !== origin.digest) {
      notes.push(`${folder}: was made with another version of the ${kind} '${id}' (${source}) than the present one`);
    }
  }
  return notes;
}

/** Kinds that are part of an adapter's forward pass. */
const PARTS = new Set(['adapter', 'router', 'selector', 'coordination']);

/** A file beyond this is none that was written here, bytes. */
const MOST_BYTES = 16 << 20;

function readCode(path: string): TrialCode {
  let value: unknown;
  try {
    value = readRegularJson(path, MOST_BYTES);
  } catch (error) {
    throw new UserError(`${path}: is no readable JSON`, { cause: error });
  }
  return parseOptions(codeSchema, value, path);
}
