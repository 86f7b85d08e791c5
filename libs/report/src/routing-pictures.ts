import { join } from 'node:path';
import { routingSchema, trialEventSchema, type PlannedTrial } from '@gmoe/experiment';
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
