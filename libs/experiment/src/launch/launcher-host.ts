import type { SweepStore } from '../store/sweep-store.js';

/** What the program gives a launcher to start. */
export interface LauncherHost {
  /** The command of a worker on the store: it calls `startWorker`, and takes `--jobs N` for several trials at a time. */
  readonly command: (store: SweepStore) => readonly string[];
  /** The command that writes the report, for launchers whose trials end when nobody watches. */
  readonly summaryCommand?: ((store: SweepStore) => readonly string[]) | undefined;
}
