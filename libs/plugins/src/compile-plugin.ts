import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import { PROVIDED, providedSpecifier } from './provided.js';

/** A plug-in as one module, which needs nothing beside the program that loads it. */
export interface CompiledPlugin {
  /** As it was named: a path or a package. */
  readonly source: string;
  /** ES module text; what the program provides is imported under `gmoe-provided:` names. */
  readonly code: string;
  /** sha256 of all source files that went into it, in hexadecimal: changes with every edit, not with the place. */
  readonly digest: string;
  readonly version?: string;
}

/**
 * Compiles a plug-in, TypeScript or JavaScript, with everything that it imports but what the program provides (`gmoe`,
 * `zod`, TensorFlow.js).
 *
 * @param specifier a file (`./my-router.ts`) or a package (`@lab/routers`)
 * @param folder what a relative path and a package's name are relative to
 * @throws UserError if it is not there, does not compile, or imports what cannot be bundled
 */
export async function compilePlugin(specifier: string, folder: string): Promise<CompiledPlugin> {
  const isFile = /^\.{0,2}\//.test(specifier) || isAbsolute(specifier) || /\.[cm]?[jt]sx?$/.test(specifier);
  const entry = isFile ? resolve(folder, specifier) : specifier;
  // Loaded here: only those who use plug-ins wait for the compiler.
  const { build } = await import('esbuild');
  const inputs: string[] = [];
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      absWorkingDir: resolve(folder),
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: [
        {
          name: 'provided',
          setup({ onResolve }) {
            onResolve({ filter: PROVIDED }, ({ path }) => ({ path: providedSpecifier(path), external: true }));
          },
        },
      ],
    });
    for (const path of Object.keys(metafile.inputs)) inputs.push(resolve(folder, path));
    const files = inputs.sort();
    return {
      source: specifier,
      code: outputFiles[0]!.text,
      digest: digestOf(files, isFile ? dirname(entry) : resolve(folder)),
      ...(isFile ? {} : versionOf(files)),
    };
  } catch (error) {
    throw new UserError(`plugins: ${specifier}: ${firstProblem(error)}`, { cause: error });
  }
}

function digestOf(files: readonly string[], home: string): string {
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`${relative(home, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** The version of the package that a file belongs to. */
function versionOf(files: readonly string[]): { version?: string } {
  for (let folder = dirname(files.at(-1) ?? ''); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { version } = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8')) as { version?: unknown };
      return typeof version === 'string' ? { version } : {};
    } catch {
      continue;
    }
  }
  return {};
}

function firstProblem(error: unknown): string {
  const { errors } = error as { errors?: { text: string; location: { file: string; line: number } | null }[] };
  const first = errors?.[0];
  if (!first) return messageOf(error);
  const hint = first.text.includes('"@gmoe/') ? " (import it from 'gmoe', the published surface)" : '';
  return `${first.location ? `${first.location.file}:${first.location.line}: ` : ''}${first.text}${hint}`;
}
