import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { mergeConfig, type JsonObject } from '@gmoe/experiment';
import { createTrialExecutor } from '@gmoe/trial';
import { components, schema } from '../../components.js';
import type { OptionCases } from './option-case.js';
import { writeTinyBase, writeTinyData } from './tiny-inputs.js';

let root: string;
/** Where the bases and the data are. Call `setUpTrials` before. */
export const at = (name: string): string => join(root, name);
let count = 0;

export async function setUpTrials(): Promise<void> {
  root = mkdtempSync(join(tmpdir(), 'gmoe-options-'));
  await writeTinyBase(at('base'));
  await writeTinyBase(at('other'), 6);
  await writeTinyBase(at('two-layers'), 5, 2);
  writeTinyData(at('data'));
}
export const tearDownTrials = (): void => rmSync(root, { recursive: true, force: true });

const PLAIN = (): JsonObject => ({
  base: at('base'),
  task: { id: 'classification', dataDir: at('data'), trainFile: 'rows.csv' },
  adapter: { id: 'lora', rank: 1, targets: ['q_proj'] },
  optimizer: { learningRate: 0.1 },
  training: { batchSize: 2, sequenceLength: 24 },
  evaluation: { batchSize: 2, sequenceLength: 24 },
});
const MIXTURE: JsonObject = {
  adapter: {
    id: 'moe-lora',
    lora: null,
    mixture: { experts: 2, rank: 1, targets: ['up_proj'], selector: { id: 'top-k', k: 1 } },
  },
  router: { id: 'linear', std: 1 },
};
const TEXT = (): JsonObject => ({
  task: { id: 'text', dataDir: at('data'), trainFile: 'rows.jsonl', testLimit: 2 },
  evaluation: { scoring: { id: 'generation', maxTokens: 2 } },
});

/** What a trial leaves: metrics, events, predictions, adapter, checkpoints; all but times. A refusal is what comes of it, too. */
export async function runTiny(over: JsonObject): Promise<unknown> {
  const folder = join(root, `run-${count++}`);
  mkdirSync(folder);
  const events: unknown[] = [];
  const saved: number[] = [];
  const untimed = (metrics: object) =>
    Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.endsWith('tokens_per_second')));
  try {
    const { steps, epochs } = (over['training'] ?? {}) as JsonObject;
    const length = epochs === undefined ? { training: { steps: steps ?? 2 } } : {};
    const config = schema.resolve(mergeConfig(mergeConfig(PLAIN(), over), length) as JsonObject);
    const outcome = await createTrialExecutor({ components, resolve: (raw) => schema.resolve(raw) })({
      hash: 'a',
      group: 'a',
      arm: 'a',
      axes: {},
      seed: 0,
      config: config as unknown as JsonObject,
      folder,
      signal: new AbortController().signal,
      emit: (event) =>
        void events.push({ ...event, ...('metrics' in event ? { metrics: untimed(event.metrics!) } : {}) }),
      log: () => undefined,
      saveCheckpoint: (step) => (saved.push(step), Promise.resolve()),
    });
    const adapter = readFileSync(join(folder, 'adapter', 'adapter_model.safetensors'), 'base64');
    const predictions = readFileSync(join(folder, 'predictions.jsonl'), 'utf8');
    return { ...outcome, metrics: untimed(outcome.metrics), events, saved, adapter, predictions };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

interface TrialCase {
  readonly with?: () => JsonObject;
  readonly to: JsonObject | (() => JsonObject);
}

const training = (to: JsonObject, beside?: JsonObject): TrialCase => ({
  to: { training: to },
  ...(beside ? { with: () => ({ training: beside }) } : {}),
});
const evaluation = (to: JsonObject, beside?: JsonObject): TrialCase => ({
  to: { evaluation: to },
  ...(beside ? { with: () => ({ evaluation: beside }) } : {}),
});
const LIKELIHOOD: JsonObject = { scoring: { id: 'log-likelihood' } };
const EVALUATED: JsonObject = { steps: 4, evalEvery: 1, best: { metric: 'eval/loss', mode: 'min' } };

/** Options of a trial's sections, and of the scorings, each shown by a whole trial. */
export const TRIAL_CASES: Readonly<Record<string, TrialCase>> = {
  'trial base': { to: () => ({ base: at('other') }) },
  'trial base.path': { with: () => ({ base: { path: at('base') } }), to: () => ({ base: { path: at('other') } }) },
  'trial base.weights': { with: () => ({ base: { path: at('base') } }), to: { base: { weights: 'int8' } } },
  'trial compute': { to: { compute: 'int8-forward' } },
  'trial fidelity': { with: () => ({ ...MIXTURE, coordination: [{ id: 'poisson' }] }), to: { fidelity: 'reference' } },
  'trial seed': { to: { seed: 1 } },
  'trial task': { with: TEXT, to: { task: { prompt: '{prompt}!' } } },
  'trial adapter': { to: { adapter: { id: 'dora' } } },
  'trial router': { with: () => MIXTURE, to: { router: { id: 'switch' } } },
  'trial coordination': { with: () => MIXTURE, to: { coordination: [{ id: 'normal' }] } },
  'trial optimizer': { to: { optimizer: { id: 'sgd' } } },
  'trial schedule': { to: { schedule: { id: 'linear' } } },
  'trial training.steps': training({ steps: 3 }, { steps: 1 }),
  'trial training.epochs': { to: { training: { epochs: 0.4 } } },
  'trial training.batchSize': training({ batchSize: 3 }),
  'trial training.sequenceLength': training({ sequenceLength: 12 }),
  'trial training.lossOn': training({ lossOn: 'prompt_and_answer' }),
  'trial training.endOfText': training({ endOfText: true }),
  'trial training.accumulate': training({ accumulate: 2 }),
  'trial training.evalEvery': training({ evalEvery: 1 }),
  'trial training.best.metric': training({ best: { metric: 'eval/accuracy', mode: 'min' } }, EVALUATED),
  'trial training.best.mode': training({ best: { mode: 'max' } }, EVALUATED),
  'trial training.patience': training({ patience: 1 }, { ...EVALUATED, best: { metric: 'eval/loss', mode: 'max' } }),
  'trial training.checkpointEvery': training({ checkpointEvery: 1 }),
  'trial training.routingEvery': { with: () => MIXTURE, to: { training: { routingEvery: 1 } } },
  'trial evaluation.scoring': evaluation(LIKELIHOOD),
  'trial evaluation.normalize': evaluation({ normalize: 'characters' }, { scoring: 'log-likelihood' }),
  'trial evaluation.sequenceLength': evaluation({ sequenceLength: 8 }),
  'trial evaluation.limit': evaluation({ limit: 1 }),
  'trial evaluation.calibrationBins': evaluation({ calibrationBins: 1000 }),
  'trial engine.engine': { to: { engine: { engine: 'eager', device: 'cpu' } } },
  'trial engine.device': { to: { engine: { device: 'wasm' } } },
  'scoring label-token.calibrationBins': evaluation(
    { scoring: { calibrationBins: 1000 } },
    { scoring: { id: 'label-token' } },
  ),
  'scoring log-likelihood.calibrationBins': evaluation({ scoring: { calibrationBins: 1000 } }, LIKELIHOOD),
  'scoring log-likelihood.normalize': evaluation({ scoring: { normalize: 'characters' } }, LIKELIHOOD),
  'scoring generation.maxTokens': { with: TEXT, to: { evaluation: { scoring: { maxTokens: 3 } } } },
  'scoring generation.until': { with: TEXT, to: { evaluation: { scoring: { until: ['g'] } } } },
};

/** Options of a trial that change no result. */
export const TRIAL_COSTS: OptionCases = {
  'trial evaluation.batchSize': { costOnly: 'scores do not depend on it (scoring contract)' },
  'trial engine.threads': { costOnly: 'threads inside one op' },
  'trial engine.recompute': {
    costOnly: 'what is held and what computed again; same-result.test.ts holds that no bit depends on it',
  },
};
