import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/**
 * A component of each kind, in a place of its own, and how the rest of the workspace would name that place. Adding one like it
 * is adding that place, and the lines elsewhere that name it.
 */
const KINDS = [
  { kind: 'adapter', place: 'libs/adapters/hydra-lora', named: '@gmoe/adapters-hydra-lora' },
  { kind: 'router', place: 'libs/routers/noisy-topk', named: '@gmoe/routers-noisy-topk' },
  { kind: 'selector', place: 'libs/routers/switch', named: '@gmoe/routers-switch' },
  { kind: 'coordination', place: 'libs/coordination/z-loss', named: '@gmoe/coordination-z-loss' },
  { kind: 'optimizer', place: 'libs/optimizers/src/lion.ts', named: './lion.js' },
  { kind: 'schedule', place: 'libs/schedules/src/wsd.ts', named: './wsd.js' },
  { kind: 'family', place: 'libs/families/src/stablelm.ts', named: './stablelm.js' },
  { kind: 'task', place: 'libs/datasets/src/tasks/boolq.ts', named: './boolq.js' },
  { kind: 'scoring', place: 'libs/evaluation/src/scoring/generation.ts', named: './generation.js' },
  { kind: 'launcher', place: 'libs/experiment/src/launch/ray', named: './ray/index.js' },
  { kind: 'preset', place: 'libs/presets/src/mixlora.ts', named: './mixlora.js' },
] as const;

const sources = ['libs', 'apps'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => `${root}/${path}`)
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(path)),
);

/** Lines outside of a place that name it: those that adding another would touch. */
function linesElsewhere(place: string, named: string): string[] {
  const home = place.slice(0, place.lastIndexOf('/'));
  return sources
    .filter((path) => !path.startsWith(place) && (named.startsWith('@') || path.startsWith(`${home}/`)))
    .flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.includes(`'${named}'`))
        .map((line) => `${path}: ${line}`),
    );
}

describe('adding a component', () => {
  it.each(KINDS)('$kind: one place, and one line elsewhere', ({ place, named }) => {
    expect(linesElsewhere(place, named)).toHaveLength(1);
  });

  it('is documented as it is counted', () => {
    const rows = KINDS.map(({ kind, place, named }) => {
      const [at] = linesElsewhere(place, named);
      return `| ${kind} | \`${place}\` | 1, in \`${at!.split(':')[0]}\` | 0 |`;
    });
    const documented = readFileSync('docs/extending.md', 'utf8').replace(/ +\|/g, ' |').replace(/\| +/g, '| ');
    for (const row of rows) expect(documented).toContain(row);
  });
});
