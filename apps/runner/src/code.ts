import { componentKind, usedComponents } from '@gmoe/core';
import { codeChanges, type CodeChanges, type JsonObject, type SweepStore, type TrialCode } from '@gmoe/experiment';
import { baseFamily, baseOfConfig, basePlace } from '@gmoe/trial';
import { buildInfo } from './build-info.js';
import { components, schema } from './components.js';

/** The framework's version and the build's digest. */
export const framework: TrialCode['framework'] = buildInfo
  ? { version: buildInfo.version, ...(buildInfo.commit ? { commit: buildInfo.commit } : {}), digest: buildInfo.digest }
  : { version: 'from sources' };

/** The code that runs a trial of this config. */
export function codeOf(config: JsonObject): TrialCode {
  const base = baseOfConfig(config);
  const family = base === undefined ? undefined : baseFamily(basePlace(base), components);
  const used = usedComponents(schema.schema, config, components);
  return {
    framework,
    components: [...used, ...(family ? [family] : [])].map(({ kind, id }) => ({
      kind: kind.name,
      id,
      ...(components.origin(kind, id) ?? { source: 'unknown' }),
    })),
  };
}

/** Finished trials whose code is no longer the present one. */
export function changesOf(store: SweepStore): CodeChanges {
  return codeChanges(store, framework, (kind, id) => components.origin(componentKind(kind), id)?.digest);
}

/** One arm, or a choice of them: the first three by name. */
function armsToName(arms: readonly string[]): string {
  const names = arms.map((arm) => JSON.stringify(arm));
  if (names.length === 1) return names[0]!;
  return `ARM (${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''})`;
}

/** What a researcher must know of finished trials whose code has changed since, one line each. */
export function changeLines({ components: changed, otherBuild }: CodeChanges): string[] {
  const lines = changed.map(
    ({ kind, id, source, trials, arms }) =>
      `${kind} '${id}' (${source}) was edited after ${trials} finished trial${trials === 1 ? '' : 's'}: their numbers are of its former code; run them again with --rerun ${armsToName(arms)}`,
  );
  if (otherBuild > 0 && changed.length === 0) {
    lines.push(
      `${otherBuild} finished trial${otherBuild === 1 ? ' was' : 's were'} made by another build of the framework`,
    );
  }
  return lines;
}
