import { existsSync, readFileSync } from 'node:fs';

/** What the build wrote beside the program: see tools/build-sources.mjs. */
export interface BuildInfo {
  readonly version: string;
  /** With + where the tree had changes. */
  readonly commit?: string;
  /** sha256 of all sources. */
  readonly digest: string;
  /** sha256 of each package's sources. */
  readonly packages: Readonly<Record<string, string>>;
}

const file = new URL('./sources.json', import.meta.url);

/** Undefined where the program runs from sources. */
export const buildInfo: BuildInfo | undefined = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as BuildInfo)
  : undefined;
