import { createLocalLauncher, type LocalLauncherOptions } from '../launch/index.js';

/** Launches workers that run fake trials. */
export function fakeLauncher(
  worker: string,
  options: Partial<LocalLauncherOptions> & { readonly stepMs?: number } = {},
): ReturnType<typeof createLocalLauncher> {
  const { stepMs = 0, ...rest } = options;
  return createLocalLauncher({
    command: (store) => [process.execPath, worker, store.folder, String(stepMs)],
    jobs: 2,
    graceSeconds: 30,
    staleSeconds: 30,
    pollSeconds: 0.1,
    ...rest,
  });
}
