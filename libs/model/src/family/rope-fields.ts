import { parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';
import type { Rope, RopeScaling } from '../config/rope.js';
import { positive, size, type CoreFields } from './config-fields.js';

const factors = z.array(positive).nonempty();
const own = { rope_type: z.string().nullish(), type: z.string().nullish(), rope_theta: positive.nullish() };
const common = { ...own, partial_rotary_factor: positive.max(1).nullish() };

/** The parameters of each `rope_type`; others are refused. */
const PARAMETERS = {
  default: z.strictObject({
    ...common,
    factor: z.literal(1).nullish(),
    original_max_position_embeddings: size.nullish(),
  }),
  linear: z.strictObject({ ...common, factor: positive, original_max_position_embeddings: size.nullish() }),
  dynamic: z.strictObject({ ...common, factor: positive, original_max_position_embeddings: size.nullish() }),
  yarn: z.strictObject({
    ...common,
    factor: positive.nullish(),
    original_max_position_embeddings: size.nullish(),
    attention_factor: positive.nullish(),
    beta_fast: positive.nullish(),
    beta_slow: positive.nullish(),
    mscale: z.number().min(0).nullish(),
    mscale_all_dim: z.number().min(0).nullish(),
    truncate: z.boolean().nullish(),
    finetuned: z.boolean().nullish(),
  }),
  longrope: z.strictObject({
    ...common,
    factor: positive.nullish(),
    original_max_position_embeddings: size.nullish(),
    attention_factor: positive.nullish(),
    short_factor: factors,
    long_factor: factors,
  }),
  llama3: z.strictObject({
    ...common,
    factor: positive,
    low_freq_factor: positive,
    high_freq_factor: positive,
    original_max_position_embeddings: size.nullish(),
  }),
} as const;
type RopeType = keyof typeof PARAMETERS;
const ROPE_TYPES = Object.keys(PARAMETERS) as RopeType[];

/** What a family does with positions. */
export interface RopeDescription {
  /** `rope_theta` where a config leaves it out; default 10 000. */
  readonly base?: number;
  /** `partial_rotary_factor` where a config leaves it out, for families that turn only part of a head. */
  readonly partial?: number;
  /** `rope_type`s that it has; default all. */
  readonly types?: readonly RopeType[];
  /** Older names of `rope_type`s in this family. */
  readonly aliases?: Readonly<Record<string, RopeType>>;
}

/** The fields that say how positions turn; those of one layer type where a family has several ropes. */
export type RopeFields = Partial<
  Pick<
    CoreFields,
    'rope_theta' | 'rope_scaling' | 'rope_parameters' | 'partial_rotary_factor' | 'original_max_position_embeddings'
  >
> &
  Pick<CoreFields, 'max_position_embeddings'>;

/**
 * Reads rotary embeddings as transformers does, from `rope_theta` and `rope_scaling`, or version 5's `rope_parameters`.
 * @throws UserError for an unknown type or parameter, and where two fields contradict each other
 */
export function readRope(
  fields: RopeFields,
  headSize: number,
  where: string,
  { base = 10_000, partial, types = ROPE_TYPES, aliases = {} }: RopeDescription = {},
): Rope {
  const { field, values } = oneOf(fields, where);
  const at = `${where}: ${field}`;
  const named = values['rope_type'] ?? values['type'] ?? 'default';
  const type = (typeof named === 'string' && aliases[named]) || types.find((known) => known === named);
  if (!type) {
    throw new UserError(
      `${at}.rope_type: is not known here; known: ${types.join(', ')} (got ${JSON.stringify(named)})`,
    );
  }
  const parameters = parseOptions(PARAMETERS[type], values, at);
  const agreed = <T>(inside: T | null | undefined, outside: T | null | undefined, name: string): T | undefined => {
    if (inside != null && outside != null && inside !== outside) {
      throw new UserError(
        `${where}: ${name}: ${outside} contradicts ${field}.${name} ${inside}; leave one of them out`,
      );
    }
    return inside ?? outside ?? undefined;
  };
  const share =
    agreed(parameters.partial_rotary_factor, fields.partial_rotary_factor, 'partial_rotary_factor') ?? partial ?? 1;
  if (share !== 1 && partial === undefined) {
    throw new UserError(
      `${where}: partial_rotary_factor: only full rotary embeddings (1) are known here (got ${share})`,
    );
  }
  const columns = Math.floor(headSize * share);
  if (columns < 2 || columns % 2 !== 0) {
    throw new UserError(
      `${where}: partial_rotary_factor: ${share} of a head's ${headSize} columns are ${columns}; they must be even`,
    );
  }
  const original = agreed(
    parameters.original_max_position_embeddings,
    fields.original_max_position_embeddings,
    'original_max_position_embeddings',
  );
  const scaling = readScaling(type, values, columns, fields.max_position_embeddings, original, at);
  return {
    base: agreed(parameters.rope_theta, fields.rope_theta, 'rope_theta') ?? base,
    ...(columns === headSize ? {} : { columns }),
    ...(scaling ? { scaling } : {}),
  };
}

/** `rope_scaling` and `rope_parameters` are the old and the new name of one thing. */
function oneOf({ rope_scaling: old, rope_parameters: fresh }: RopeFields, where: string) {
  const isSet = (value: object | null | undefined): boolean => !!value && Object.keys(value).length > 0;
  if (isSet(old) && isSet(fresh)) {
    for (const [name, value] of Object.entries(old!)) {
      if (JSON.stringify(fresh![name] ?? value) === JSON.stringify(value)) continue;
      throw new UserError(`${where}: rope_scaling.${name}: contradicts rope_parameters.${name}; leave one of them out`);
    }
    return { field: 'rope_parameters', values: { ...old, ...fresh } };
  }
  return isSet(old) ? { field: 'rope_scaling', values: old! } : { field: 'rope_parameters', values: fresh ?? {} };
}

function readScaling(
  type: RopeType,
  values: unknown,
  columns: number,
  maxPositions: number,
  original: number | undefined,
  at: string,
): RopeScaling | undefined {
  switch (type) {
    case 'default':
      return undefined;
    case 'linear': {
      const { factor } = parseOptions(PARAMETERS.linear, values, at);
      return factor === 1 ? undefined : { type, factor };
    }
    case 'dynamic': {
      const { factor } = parseOptions(PARAMETERS.dynamic, values, at);
      if (original !== undefined && original !== maxPositions) {
        throw new UserError(
          `${at}.original_max_position_embeddings: rope_type dynamic goes by max_position_embeddings ${maxPositions}; leave it out (got ${original})`,
        );
      }
      // Also a factor of 1 stretches what goes beyond the positions.
      return { type, factor, originalPositions: maxPositions };
    }
    case 'yarn': {
      const yarn = parseOptions(PARAMETERS.yarn, values, at);
      const originalPositions = original ?? maxPositions;
      const factor = yarn.factor ?? maxPositions / originalPositions;
      const { mscale, mscale_all_dim: mscaleAll } = yarn;
      const magnitude =
        yarn.attention_factor ??
        (mscale && mscaleAll ? yarnScale(factor, mscale) / yarnScale(factor, mscaleAll) : yarnScale(factor, 1));
      return {
        type,
        factor,
        originalPositions,
        betaFast: yarn.beta_fast ?? 32,
        betaSlow: yarn.beta_slow ?? 1,
        truncate: yarn.truncate ?? true,
        magnitude,
      };
    }
    case 'longrope': {
      const long = parseOptions(PARAMETERS.longrope, values, at);
      for (const name of ['short_factor', 'long_factor'] as const) {
        if (long[name].length === columns / 2) continue;
        throw new UserError(
          `${at}.${name}: needs ${columns / 2} numbers, half the columns that rotate (got ${long[name].length})`,
        );
      }
      const originalPositions = original ?? maxPositions;
      const factor = long.factor ?? maxPositions / originalPositions;
      const magnitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalPositions));
      return {
        type,
        originalPositions,
        shortFactors: long.short_factor,
        longFactors: long.long_factor,
        magnitude: long.attention_factor ?? magnitude,
      };
    }
    case 'llama3': {
      const llama3 = parseOptions(PARAMETERS.llama3, values, at);
      return {
        type,
        factor: llama3.factor,
        lowFrequencyFactor: llama3.low_freq_factor,
        highFrequencyFactor: llama3.high_freq_factor,
        originalPositions: original ?? maxPositions,
      };
    }
  }
}

/** Source: transformers `_compute_yarn_parameters`, `get_mscale`. */
function yarnScale(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}
