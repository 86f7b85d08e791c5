import { readStops } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import type { LaunchSummary } from './launcher.js';

/** Where a sweep stands, counted from its results. */
export function summarise(store: SweepStore, hashes?: readonly string[]): LaunchSummary {
  store.mustBeThere();
  const stoppedGroups = new Set(readStops(store).map((stop) => stop.group));
  const counts = { finished: 0, failed: 0, remaining: 0, damaged: 0, stopped: 0 };
  for (const trial of store.manifest().trials) {
    if (hashes && !hashes.includes(trial.hash)) continue;
    try {
      const result = store.result(trial.hash);
      if (result) counts[result.status]++;
      else counts[stoppedGroups.has(trial.group) ? 'stopped' : 'remaining']++;
    } catch {
      counts.damaged++;
    }
  }
  return counts;
}
