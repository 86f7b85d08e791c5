import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inflateSync } from 'node:zlib';
import { loadImages, routingPictures } from './routing-pictures.js';
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

  it('images of the load: 8 experts wide, 4 layers high, the busiest expert lightest', () => {
    const { trials } = writeSyntheticSweep(folder);
    const images = loadImages(join(folder, 'trials', trials[0]!.hash.slice(0, 16), 'attempts', 'a1'));
    expect(images.map(({ step }) => step)).toEqual([50, 100, 150, 200]);
    for (const { png } of images) expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([8 * 24, 4 * 24]);
    const png = images.at(-1)!.png;
    const at = png.indexOf('IDAT');
    const pixels = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    expect(pixels.length).toBe(4 * 24 * (8 * 24 + 1));
    const palette = png.subarray(png.indexOf('PLTE') + 4);
    const colours = [...new Set(pixels)].map((i) => palette.subarray(3 * i, 3 * i + 3).toString('hex'));
    expect(colours).toContain('fde725');
    expect(loadImages(folder)).toEqual([]);
  });
});
