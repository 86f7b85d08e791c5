/** What `--data DIR` stands for among `--set` overrides. */
export function dataOverride(folder: string | undefined): string[] {
  return folder === undefined ? [] : [`task.dataDir=${JSON.stringify(folder)}`];
}
