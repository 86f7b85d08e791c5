import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const packages = (JSON.parse(read('package-lock.json')) as { packages: Record<string, { hasInstallScript?: boolean }> })
  .packages;
const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };

describe('npm ci', () => {
  it('fetches nothing but packages: onnxruntime-node’s script, which downloads the CUDA part, never runs', () => {
    // npm 11.19 asks package.json; older ones run the scripts that the lock file knows of.
    expect(allowScripts['onnxruntime-node']).toBe(false);
    expect(
      packages['node_modules/onnxruntime-node']!.hasInstallScript,
      'take "hasInstallScript" of onnxruntime-node out of package-lock.json',
    ).toBeUndefined();
  });

  it('decides on every script, so that npm has nothing to warn of', () => {
    const scripted = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript);
    for (const path of scripted) expect(allowScripts).toHaveProperty([path.split('node_modules/').at(-1)!]);
    expect(read('.npmrc')).toBe('fund=false\naudit=false\n');
  });
});
