import { componentField, componentKind } from '@gmoe/core';
import { z } from 'zod';
import { FORMAT_VERSION, jsonSchema, limitsSchema, stoppingSchema } from '../records/index.js';

/** The most trials that one sweep may have. */
export const MOST_TRIALS = 100_000;

const SEEDS_RULE = 'must be how many (a whole number of at least 1) or a list of whole numbers of at least 0';

const path = z
  .string()
  .regex(/^[A-Za-z_][\w-]*(\.[\w-]+)*$/, 'must be a dotted path into the trial config, like router.density');
const list = z.array(jsonSchema).min(1, 'must hold at least one value');
const condition = z.record(path, z.union([list, jsonSchema]));

/** Values of one axis: a list, or values by name where they are composite (`poisson+normal: [{…}, {…}]`). */
export const axisSchema = z.union([
  list,
  z.record(z.string(), jsonSchema).refine((named) => Object.keys(named).length > 0, 'must hold at least one value'),
]);

const gridSchema = z
  .record(path, axisSchema)
  .refine((grid) => Object.keys(grid).length > 0, 'an empty grid: name at least one axis or leave the grid out');

export const searchRangeSchema = z.union([
  z.strictObject({
    min: z.number().describe('lowest value'),
    max: z.number().describe('highest value'),
    scale: z.enum(['linear', 'log']).default('linear').describe('how values lie between min and max'),
    integer: z.boolean().default(false).describe('round to whole numbers'),
  }),
  z.strictObject({ values: list.describe('choose one of these') }),
]);

export const searchSchema = z.strictObject({
  method: z
    .enum(['random', 'quasi-random'])
    .default('quasi-random')
    .describe('independent draws, or a Halton sequence with a random shift, which covers the space more evenly'),
  trials: z.int().min(1).max(10_000).describe('points to draw; each is one arm'),
  seed: z.int().min(0).default(0).describe('seed of the draw'),
  space: z
    .record(path, searchRangeSchema)
    .refine((space) => Object.keys(space).length > 0, 'must name at least one axis')
    .describe('range by path'),
});

const fields = {
  formatVersion: z.literal(FORMAT_VERSION).default(FORMAT_VERSION).describe('version of this format'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'must be letters, digits, dot, dash or underscore')
    .describe("the sweep's name and folder; default: the file's name"),
  description: z.string().describe('what it is for'),
  extends: z.union([z.string(), z.array(z.string())]).describe('sweep file(s) to build on, relative to this one'),
  plugins: z
    .array(z.string().min(1))
    .describe('files (relative to this one) and packages whose components the sweep may name'),
  preset: z.string().describe('named configuration under `trial`'),
  trial: z.record(z.string(), jsonSchema).describe('what all trials share: part of a trial config'),
  grid: gridSchema.describe('values by path; every combination is one arm'),
  paired: z
    .array(z.record(path, list))
    .describe('axes that move together: lists of the same length, the n-th values form one choice'),
  when: z
    .record(path, condition)
    .describe('conditional axes: the axis applies only where these paths have these values'),
  exclude: z.array(condition).describe('combinations to leave out'),
  arms: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('as tables show it'),
        preset: z.string().optional().describe('instead of the preset of the sweep'),
        set: z.record(path, jsonSchema).default({}).describe('values by path'),
        grid: gridSchema.optional().describe('axes of this arm alone'),
      }),
    )
    .describe('explicit arms, beside those of the grid'),
  search: searchSchema.describe('random or quasi-random points, crossed with the grid'),
  seeds: z
    .union([z.int().min(1).max(MOST_TRIALS), z.array(z.int().min(0)).min(1)], SEEDS_RULE)
    .describe('seeds of every arm: a list, or n for 0 .. n-1'),
  limits: limitsSchema.partial().describe('per trial'),
  launcher: componentField(componentKind('launcher')).describe('where trials run'),
  stopping: stoppingSchema.describe('early stopping; off by default'),
};

/** One sweep file, as written: every field may be missing, since files build on one another. */
export const sweepFileSchema = z.strictObject(fields).partial();

export type SweepFile = z.output<typeof sweepFileSchema>;
export type Axis = z.output<typeof axisSchema>;
export type SearchRange = z.output<typeof searchRangeSchema>;
