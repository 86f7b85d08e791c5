import { describe, expect, it } from 'vitest';
import { schema } from './components.js';

const raw = { task: { id: 'openstax-topics' }, router: { id: 'linear' } };
const resolve = (over: object) => schema.resolve({ ...raw, ...over }, 'trial.yaml');

describe('optimizer and schedule of a trial', () => {
  it('are adamw at a constant rate where no id is written', () => {
    const { optimizer, schedule } = resolve({ optimizer: { learningRate: 3e-3 }, schedule: { warmupSteps: 5 } });
    expect(optimizer).toEqual({
      id: 'adamw',
      learningRate: 3e-3,
      weightDecay: 0.01,
      weightDecayOn: 'all',
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      loraPlusRatio: 1,
      clipNorm: null,
    });
    expect(schedule).toEqual({ id: 'constant', warmupSteps: 5 });
  });

  it.each([
    [{ optimizer: { id: 'lions' } }, /^trial.yaml: optimizer.id: unknown optimizer; did you mean 'lion'\?/],
    [{ optimizer: { id: 'lion', epsilon: 1 } }, /^trial.yaml: optimizer: Unrecognized key: "epsilon"; known: /],
    [{ optimizer: { id: 'sgd', momentum: 0, nesterov: true } }, /^trial.yaml: optimizer.nesterov: needs a momentum/],
    [
      { optimizer: { weightDecay: 0, weightDecayOn: 'matrices' } },
      'trial.yaml: optimizer.weightDecayOn: applies only with weightDecay set (weightDecay is 0); leave it out',
    ],
    [{ schedule: { finalRatio: 0.1 } }, /^trial.yaml: schedule: Unrecognized key: "finalRatio"; known: warmupSteps/],
    [
      { schedule: { id: 'linear', warmupSteps: 200 } },
      'trial.yaml: schedule.warmupSteps: must be fewer than the 200 steps of the run (got 200)',
    ],
    [
      { coordination: [{ id: 'poisson', schedule: { id: 'wsd', decaySteps: 300 } }] },
      "trial.yaml: coordination.0.schedule.decaySteps: must be at most 200, what the warm-up leaves of the run's 200 steps (got 300)",
    ],
    [
      { engine: { device: 'wasm' } },
      'trial.yaml: engine.device: must be one of auto, cpu, webgpu, cuda with engine: compiled (got "wasm")',
    ],
    [
      { engine: { engine: 'eager', device: 'cuda' } },
      'trial.yaml: engine.device: must be one of auto, tensorflow, wasm, cpu with engine: eager (got "cuda")',
    ],
    [{ engine: { engine: 'eager', threads: 2 } }, /^trial.yaml: engine.threads: must be 1 with engine: eager/],
    [
      { engine: { engine: 'eager', recompute: 'full' } },
      /^trial.yaml: engine.recompute: must be none with engine: eager, and on webgpu and cuda/,
    ],
    [
      { engine: { device: 'cuda', recompute: 'full' } },
      /^trial.yaml: engine.recompute: must be none with engine: eager/,
    ],
    [{ engine: { recompute: 'some' } }, /^trial.yaml: engine.recompute: .*"none"\|"selective"\|"full"/],
    [{ training: { patience: 2 } }, /^trial.yaml: training.patience: applies only with evalEvery set/],
  ])('refuses %j', (over, message) => {
    expect(() => resolve(over)).toThrow(message);
  });

  it('leaves what has no schedule as it was', () => {
    const { coordination } = resolve({ coordination: [{ id: 'poisson' }] });
    expect(coordination[0]).not.toHaveProperty('schedule');
  });

  it('leaves records of loads out where nothing is routed, and keeps them where something is', () => {
    const training = { routingEvery: 3 };
    const plain = { task: raw.task, adapter: { id: 'lora' } };
    expect(schema.identify(schema.resolve({ ...plain, training }))).toEqual(schema.identify(schema.resolve(plain)));
    expect(schema.identify(resolve({ training }))).not.toEqual(schema.identify(resolve({})));
  });

  it('has a JSON Schema that takes an optimizer without an id', () => {
    const json = schema.components.jsonSchema(schema.schema) as {
      properties: { optimizer: { oneOf: { properties: { id: { const: string } }; required: string[] }[] } };
    };
    const needsId = json.properties.optimizer.oneOf.map(({ properties, required }) => [
      properties.id.const,
      required.includes('id'),
    ]);
    expect(needsId).toEqual([
      ['adamw', false],
      ['lion', true],
      ['sgd', true],
    ]);
  });
});
