import { join } from 'node:path';
import { routingSchema, trialEventSchema, type PlannedTrial } from '@gmoe/experiment';
import { largest } from '@gmoe/core/extremes';
import { loadShares } from '@gmoe/routing-diagnostics';
import { SEQUENTIAL } from './charts/palette.js';
import { squaresPng } from './charts/png.js';
import { routingCharts } from './charts/routing-charts.js';
import { wideSvg } from './charts/static-svg.js';
import { readJson, readLines } from './results/read-files.js';

/** What stands in file names for the trial. */
const HERE = 'trial';

/**
 * Pictures of what the experts of one trial did, SVG by name: `load-time`, `domains`, `co-selection`, `collaboration`. What the
 * attempt's folder (`routing.json`, `events.jsonl`) has no data for is left out, and so is what is damaged.
 */
export function routingPictures(folder: string, trial: PlannedTrial): Record<string, string> {
  const ignore = () => undefined;
  const routing = readJson(join(folder, 'routing.json'), routingSchema, ignore);
  if (!routing) return {};
  const events = readLines(join(folder, 'events.jsonl'), trialEventSchema, ignore);
  const record = { trial, state: 'finished', routing, events, predictions: [] } as const;
  return Object.fromEntries(
    routingCharts(HERE, trial.arm, record).map((figure) => [figure.id.replace(`-${HERE}`, ''), wideSvg(figure)]),
  );
}

/** Pixels of an expert's square. */
const SIDE = 24;
const MOST_IMAGES = 20;

/** The load of the experts at one step of training. */
export interface LoadImage {
  readonly step: number;
  /** Epoch milliseconds at which it was recorded. */
  readonly time: number;
  /** A row a layer, a square an expert, the lighter the larger its share of the layer's assignments. */
  readonly png: Buffer;
}

/** The load of the experts over training as images on one scale, the last step among them; empty if none was recorded. */
export function loadImages(folder: string): LoadImage[] {
  const events = readLines(join(folder, 'events.jsonl'), trialEventSchema, () => undefined);
  const all = events.flatMap(({ step, time, load }) =>
    load?.length ? [{ step, time, shares: loadShares(load) }] : [],
  );
  const stride = Math.max(1, Math.ceil(all.length / MOST_IMAGES));
  const shown = all.filter((_, i) => (all.length - 1 - i) % stride === 0);
  const most = largest(
    shown.flatMap(({ shares }) => shares.flat()),
    1e-9,
  );
  const colour = (share: number) => SEQUENTIAL[Math.round((share / most) * (SEQUENTIAL.length - 1))]!;
  return shown.map(({ step, time, shares }) => ({
    step,
    time,
    png: squaresPng(
      shares.map((row) => row.map(colour)),
      SIDE,
    ),
  }));
}
