import { componentKind, UserError, type Json } from '@gmoe/core';
import type { PlannedTrial } from '../records/index.js';
import { nameArms } from './arm-names.js';
import { activeChoices, applyChoices, excluded } from './conditions.js';
import { mergeConfig, setPaths, type JsonObject } from './config-path.js';
import { expand, type Choice, type Combination } from './expand.js';
import { groupIdentity, identityHash, type TrialIdentity } from './identity.js';
import type { SweepSpec } from './load-sweep.js';
import { MOST_TRIALS } from './sweep-schema.js';
import { presetKind } from './preset.js';
import type { TrialSchema } from './trial-schema.js';

/** A trial with its resolved config, which has every default filled in. */
export interface TrialPlan extends PlannedTrial {
  readonly config: JsonObject;
  readonly identity: TrialIdentity;
}

/** All seeds of one configuration. */
export interface ArmPlan {
  readonly name: string;
  readonly group: string;
  readonly axes: Readonly<Record<string, Json>>;
  readonly trials: readonly TrialPlan[];
}

export interface SweepPlan {
  readonly name: string;
  readonly spec: SweepSpec;
  readonly arms: readonly ArmPlan[];
  /** Arm by arm, seeds in their order. */
  readonly trials: readonly TrialPlan[];
  /** Combinations that came out equal to an earlier arm and were dropped. */
  readonly duplicates: number;
}

export interface PlanOptions {
  readonly schema: TrialSchema<object>;
}

/** One arm before it has a name. */
export interface UnnamedArm {
  readonly group: string;
  readonly explicit: string | undefined;
  readonly choices: readonly Choice[];
  readonly config: JsonObject;
  /** With the first seed. */
  readonly identity: TrialIdentity;
}

/**
 * Expands a sweep into its trials: combinations, conditions, exclusions, resolved configs, identities, names. The
 * same trials come out whatever the order of keys and axes.
 *
 * @throws UserError for the first config that does not fit the schema, and if no trial is left.
 */
export function planSweep(spec: SweepSpec, options: PlanOptions): SweepPlan {
  const seeds = seedsOf(spec);
  const arms = new Map<string, UnnamedArm>();
  const combinations = expand(spec);
  if (combinations.length * seeds.length > MOST_TRIALS) {
    throw new UserError(
      `${spec.source}: seeds: at most ${MOST_TRIALS} trials are allowed (got ${combinations.length} arms of ${seeds.length} seeds)`,
    );
  }
  let left = 0;
  for (const combination of combinations) {
    const arm = resolveArm(combination, spec, options.schema, seeds[0]!);
    if (!arm) continue;
    left++;
    if (!arms.has(arm.group)) arms.set(arm.group, arm);
  }
  if (arms.size === 0) throw new UserError(`${spec.source}: exclude: leaves no trial of ${combinations.length} arms`);

  const names = nameArms([...arms.values()], spec);
  const planned = [...arms.values()].map((arm, index): ArmPlan => {
    const axes = Object.fromEntries(arm.choices.map((choice) => [choice.axis, choice.value]));
    const trials = seeds.map((seed) => {
      const config: JsonObject = { ...arm.config, seed };
      const identity = { ...arm.identity, config: { ...arm.identity.config, seed } };
      return { hash: identityHash(identity), group: arm.group, arm: names[index]!, axes, seed, config, identity };
    });
    return { name: names[index]!, group: arm.group, axes, trials };
  });
  return {
    name: spec.name,
    spec: { ...spec, ...launcherOf(spec, options.schema) },
    arms: planned,
    trials: planned.flatMap((arm) => arm.trials),
    duplicates: left - arms.size,
  };
}

function resolveArm(
  combination: Combination,
  spec: SweepSpec,
  schema: TrialSchema<object>,
  seed: number,
): UnnamedArm | undefined {
  const presetChoice = combination.choices.find((choice) => choice.axis === 'preset');
  const preset = presetChoice ? String(presetChoice.value) : combination.preset;
  const based = mergeConfig(
    preset === undefined ? {} : schema.components.get(presetKind, preset, `${spec.source}: preset`).create().trial,
    spec.trial as JsonObject,
  );
  const fixed = setPaths(based as JsonObject, combination.set);
  const resolveSoftly = (raw: JsonObject): JsonObject => {
    try {
      return schema.resolve(raw) as JsonObject;
    } catch {
      return raw;
    }
  };
  const choices = activeChoices(fixed, combination.choices, spec.when ?? {}, resolveSoftly);
  const raw = applyChoices(fixed, choices);
  if (spec.exclude && excluded(raw, choices, spec.exclude, resolveSoftly)) return undefined;
  const named = combination.arm ?? choices.map((choice) => `${choice.axis}=${show(choice)}`).join(', ');
  const where = [spec.source, named].filter(Boolean).join(': ');
  const resolved = schema.resolve({ ...raw, seed }, where, spec.folders);
  const config = toJson(resolved, where);
  const identity = schema.identify(resolved);
  return { group: identityHash(groupIdentity(identity)), explicit: combination.arm, choices, config, identity };
}

/** The launcher with all its options, checked. */
function launcherOf({ launcher, source }: SweepSpec, { components }: TrialSchema<object>): Pick<SweepSpec, 'launcher'> {
  if (!launcher) return {};
  return { launcher: components.resolveChoice(componentKind('launcher'), launcher, { where: `${source}: launcher` }) };
}

function seedsOf(spec: SweepSpec): readonly number[] {
  const fixed = spec.trial?.['seed'];
  if (fixed !== undefined && spec.seeds !== undefined) {
    throw new UserError(
      `${spec.source}: trial.seed: must be left out where seeds are listed (got ${JSON.stringify(fixed)})`,
    );
  }
  if (typeof fixed === 'number') return [fixed];
  const seeds = spec.seeds ?? 1;
  if (typeof seeds === 'number') return Array.from({ length: seeds }, (_, seed) => seed);
  return [...new Set(seeds)];
}

function show(choice: Choice): string {
  return typeof choice.value === 'string' ? choice.value : JSON.stringify(choice.value);
}

/** What will be stored: no undefined, no numbers that JSON lacks. */
function toJson(config: object, where: string): JsonObject {
  return JSON.parse(
    JSON.stringify(config, (key, value: unknown) => {
      if (typeof value === 'number' && !Number.isFinite(value)) {
        throw new UserError(`${where}: ${key}: must be a finite number (got ${value})`);
      }
      return value;
    }),
  ) as JsonObject;
}
