import type { Cluster } from './cluster.js';
import * as builtIn from './built-in.js';

/** The clusters among the built-in launchers. */
export const clusters: readonly Cluster[] = Object.values(builtIn).filter(
  (member): member is Cluster => typeof member === 'object' && 'isWorker' in member,
);
