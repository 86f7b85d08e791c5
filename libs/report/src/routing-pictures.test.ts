import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routingPictures } from './routing-pictures.js';
import { writeSyntheticSweep } from './testing/synthetic-sweep.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gmoe-pictures-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('pictures of a trial', () => {
  it('are drawn from what its attempt left; none without routing or from a damaged file', () => {
    const { trials } = writeSyntheticSweep(folder);
    const graph = trials.find(({ axes }) => JSON.stringify(axes).includes('graph'))!;
    const attempt = join(folder, 'trials', graph.hash.slice(0, 16), 'attempts', 'a1');
    const pictures = routingPictures(attempt, graph);
    expect(Object.keys(pictures)).toEqual(['load-time', 'domains', 'co-selection', 'collaboration']);
    for (const svg of Object.values(pictures)) expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    writeFileSync(join(attempt, 'routing.json'), '{');
    expect(routingPictures(attempt, graph)).toEqual({});
    expect(routingPictures(folder, graph)).toEqual({});
  });
});
