import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Programs that run in a browser. */
export type PageProgram = 'report' | 'ui';

/** Beside the built command; and, for who runs from source, where the build puts them. */
const PLACES = ['./pages/', '../../../../dist/apps/runner/pages/'];

/** Text of a page's program, which `npm run build` makes. */
export function pageProgram(name: PageProgram): string {
  const files = PLACES.map((place) => fileURLToPath(new URL(`${place}${name}.js`, import.meta.url)));
  const file = files.find(existsSync);
  if (file === undefined) throw new Error(`the program of the page '${name}' is not built; npm run build makes it`);
  return readFileSync(file, 'utf8');
}
