import { componentKind } from '@gmoe/core';
import type { LauncherHost } from './launcher-host.js';
import type { Launcher } from './launcher.js';

/** A launcher as configured; the program says what it starts. */
export type LauncherFactory = (host: LauncherHost) => Launcher;

/** Where trials run, by `launcher.id` in a sweep file or `--launcher`. */
export const launcherKind = componentKind<LauncherFactory>('launcher');
