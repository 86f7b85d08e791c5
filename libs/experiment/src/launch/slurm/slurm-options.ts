import { z } from 'zod';

/** Options of `launcher: { id: slurm, … }`: what a task of a job array asks for. */
export const slurmOptions = z.strictObject({
  partition: z.string().optional().describe('partition(s) to submit to'),
  account: z.string().optional().describe('account to charge'),
  qos: z.string().optional().describe('quality of service'),
  timeMinutes: z.int().min(1).optional().describe('wall clock of one array task, min'),
  memoryMiB: z.int().min(1).optional().describe('memory of one array task, MiB'),
  cpus: z.int().min(1).default(1).describe('cores of one array task'),
  gpus: z.string().optional().describe("GPUs of one array task as sbatch takes it: '1' or 'a100:1'"),
  concurrency: z.int().min(1).optional().describe('array tasks running at once (the throttle of --array)'),
  trialsPerTask: z.int().min(1).default(1).describe('trials that one array task runs one after the other'),
  trialsAtOnce: z
    .int()
    .min(1)
    .default(1)
    .describe('trials that one array task runs side by side, each on cores of its own'),
  signalSeconds: z.int().min(1).default(120).describe('warning before the time limit, s: checkpoint and requeue'),
  constraint: z.string().optional().describe('node features'),
  setup: z.array(z.string()).default([]).describe('shell lines before the worker, e.g. module load'),
  extra: z.array(z.string()).default([]).describe('further sbatch options, each one word'),
});

export type SlurmOptions = z.output<typeof slurmOptions>;
