import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** How far below the served folder sweeps are looked for. */
const DEPTH = 3;

/** Folders of sweeps below a folder, as paths relative to it; the folder itself is `.`. */
export function findSweeps(root: string): string[] {
  const found: string[] = [];
  const look = (path: string, depth: number): void => {
    if (existsSync(join(root, path, 'sweep.json'))) {
      found.push(path);
      return;
    }
    if (depth === 0) return;
    for (const name of subfolders(join(root, path))) look(path === '.' ? name : `${path}/${name}`, depth - 1);
  };
  look('.', DEPTH);
  return found.sort();
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
