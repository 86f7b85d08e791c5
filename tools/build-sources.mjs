/** Digests of the sources that a build is made of: of each package, and of all. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @returns {{ version: string, commit?: string, digest: string, packages: Record<string, string> }} */
export function buildSources() {
  const packages = Object.fromEntries(packageFolders().map(([name, folder]) => [name, digestOf(folder)]));
  const digest = createHash('sha256').update(JSON.stringify(packages)).digest('hex');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const commit = git('rev-parse', '--short=12', 'HEAD');
  const dirty = commit && git('status', '--porcelain', '--untracked-files=no') ? '+' : '';
  return { version, ...(commit ? { commit: commit + dirty } : {}), digest, packages };
}

/** Names and folders of the workspace's packages, by the paths of tsconfig.base.json. */
function packageFolders() {
  const { paths } = JSON.parse(readFileSync('tsconfig.base.json', 'utf8')).compilerOptions;
  const exact = new Map();
  for (const [name, [file]] of Object.entries(paths).sort(([a], [b]) => b.includes('*') - a.includes('*'))) {
    const folder = dirname(file);
    if (name.endsWith('/testing')) continue;
    if (!name.includes('*')) exact.set(name, folder);
    else {
      const [above, below] = folder.split('*');
      if (!existsSync(above)) continue;
      for (const each of readdirSync(above)) {
        const found = join(above, each + below);
        if (existsSync(found)) exact.set(name.replace('*', each), found);
      }
    }
  }
  return [...exact].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** sha256 over names and contents of a folder's files, tests left out. */
function digestOf(folder) {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.(test|soak\.test)\.ts$/.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (/(^|\/)testing\//.test(path.slice(folder.length))) continue;
    const bytes = readFileSync(path);
    hash.update(`${path.slice(folder.length)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

function git(...args) {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
