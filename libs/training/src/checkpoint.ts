import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSubfolder, parseOptions, UserError } from '@gmoe/core';
import { readSafetensors, writeSafetensors } from '@gmoe/model';
import { underPrefix, withPrefix } from '@gmoe/tensor';
import { z } from 'zod';
import type { HostStepState } from './training-step.js';
import type { TrainedTensors } from './train.js';

/** The best evaluation so far, with the tensors it was made with. */
export interface BestSnapshot {
  readonly step: number;
  /** Of the deciding metric. */
  readonly value: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tensors: TrainedTensors;
}

/** Where a run stands: everything that its continuation depends on. */
export interface TrainingState {
  readonly state: HostStepState;
  /** Optimizer steps done; random streams and the place in the data follow from it. */
  readonly step: number;
  readonly best: BestSnapshot | undefined;
  readonly evaluationsSinceBest: number;
  /** Tokens per expert since the last record of the load, [L][E]. */
  readonly counts: readonly (readonly number[])[];
  /** Language-model losses of the last steps. */
  readonly losses: readonly number[];
}

const FILE = 'checkpoint.safetensors';
/** The optimizer's vectors, and beside them `params`. */
const OPTIMIZER = 'optimizer.';

const recordSchema = z.strictObject({
  formatVersion: z.literal(1),
  identity: z.string(),
  step: z.int().min(0),
  evaluationsSinceBest: z.int().min(0),
  counts: z.array(z.array(z.number())),
  losses: z.array(z.number()),
  best: z.strictObject({ step: z.int(), value: z.number(), metrics: z.record(z.string(), z.number()) }).nullable(),
});

/**
 * Writes `checkpoint.safetensors`, atomically: parameters, the optimizer's vectors, buffers and the best snapshot; the rest
 * as JSON in its metadata. One file, so that a crash leaves a whole old or a whole new checkpoint.
 */
export async function writeCheckpoint(folder: string, identity: string, progress: TrainingState): Promise<void> {
  const { state, step, best, evaluationsSinceBest, counts, losses } = progress;
  const record: z.output<typeof recordSchema> = {
    formatVersion: 1,
    identity,
    step,
    evaluationsSinceBest,
    counts: counts.map((layer) => [...layer]),
    losses: [...losses],
    best: best ? { step: best.step, value: best.value, metrics: { ...best.metrics } } : null,
  };
  makeSubfolder(folder);
  await writeSafetensors(
    join(folder, FILE),
    {
      ...withPrefix({ ...state.optimizer, params: state.params_N }, OPTIMIZER),
      ...withPrefix(state.buffers, 'carried.'),
      ...withPrefix(best?.tensors.trainable ?? {}, 'best.trainable.'),
      ...withPrefix(best?.tensors.buffers ?? {}, 'best.carried.'),
    },
    { metadata: { gmoe: JSON.stringify(record) } },
  );
}

/**
 * Reads the checkpoint of a folder; undefined if there is none.
 * @throws UserError if it is damaged or belongs to another run
 */
export async function readCheckpoint(folder: string, identity: string): Promise<TrainingState | undefined> {
  const path = join(folder, FILE);
  const found = await access(path).then(
    () => true,
    () => false,
  );
  if (!found) return undefined;
  const { tensors, metadata } = await readSafetensors(path);
  const record = parseOptions(recordSchema, parseJson(metadata['gmoe'], path), path);
  if (record.identity !== identity) {
    throw new UserError(
      `${path}: belongs to another run (${record.identity}, this one is ${identity}); use another folder`,
    );
  }
  const { params: params_N, ...optimizer } = underPrefix(tensors, OPTIMIZER);
  if (!params_N) throw new UserError(`${path}: has no tensor '${OPTIMIZER}params'`);
  return {
    state: {
      params_N,
      optimizer,
      buffers: underPrefix(tensors, 'carried.'),
    },
    step: record.step,
    evaluationsSinceBest: record.evaluationsSinceBest,
    counts: record.counts,
    losses: record.losses,
    best: record.best
      ? {
          ...record.best,
          tensors: {
            trainable: underPrefix(tensors, 'best.trainable.'),
            buffers: underPrefix(tensors, 'best.carried.'),
          },
        }
      : undefined,
  };
}

function parseJson(text: string | undefined, path: string): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    throw new UserError(`${path}: is not a training checkpoint (no readable 'gmoe' in its metadata)`, { cause: error });
  }
}
