import assert from 'node:assert/strict';
import { componentChecks, UserError, type Contract, type ContractCheck, largest } from '@gmoe/core';
import { createEngine, HostTensor, RandomKey, type Engine, type HostOf, type tf } from '@gmoe/tensor';
import { fusedRows, fuseWeights, storedShapes } from '../checkpoint/fused-weights.js';
import { initWeights } from '../config/init-weights.js';
import type { ModelConfig } from '../config/model-config.js';
import { weightShapes } from '../config/weight-shapes.js';
import { decoderHidden, decoderLogits, type DecoderBatch, type Weights } from '../decoder/decoder.js';
import { familyKind, type ModelFamily } from '../family/model-family.js';
import { createGenerator } from '../generation/generate.js';

/** The smallest `config.json`: what no family may leave to a default. */
const SIZES = {
  vocab_size: 23,
  hidden_size: 64,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  max_position_embeddings: 64,
};
const IDS = [3, 14, 15, 9, 20, 6, 5, 3, 5, 8, 9, 7];

/**
 * What every model family holds. That it computes what its checkpoints mean is not among it: compare logits with the model's own code.
 */
export const familyContract: Contract<ModelFamily> = {
  kind: familyKind,
  checks(component) {
    const family = component.create();
    const parse = (changes: object = {}): ModelConfig =>
      family.parseConfig({ model_type: family.modelType, ...SIZES, ...changes }, 'config.json');
    return [
      ...componentChecks(component),
      ...readingChecks(family, component.id, parse),
      ...decoderChecks(() => parse()),
    ];
  },
};

function readingChecks(
  family: ModelFamily,
  id: string,
  parse: (changes?: object) => ModelConfig,
): readonly ContractCheck[] {
  const refuses = (changes: object, message: RegExp): void =>
    assert.throws(
      () => parse(changes),
      (error) => error instanceof UserError && message.test(error.message),
    );
  return [
    {
      name: 'is named after its model_type',
      run() {
        assert.equal(id, family.modelType.replaceAll('_', '-'));
        assert.match(family.architecture, /ForCausalLM$/);
        assert.equal(parse().family, family.modelType);
      },
    },
    {
      name: 'reads the sizes, and keeps the config.json that it read',
      run() {
        const config = parse({ vocab_size: 29, num_hidden_layers: 3, eos_token_id: [4, 5] });
        assert.deepEqual(
          [config.vocabSize, config.hiddenSize, config.ffnSize, config.layers, config.heads, config.kvHeads],
          [29, 64, 24, 3, 4, 2],
        );
        assert.equal(config.eosId, 4);
        assert.deepEqual(config.json?.['eos_token_id'], [4, 5]);
        assert.deepEqual(family.parseConfig(config.json!, 'config.json'), config);
      },
    },
    {
      name: 'refuses by name a field that it does not read, unless it is off',
      run() {
        refuses({ made_up_multiplier: 2 }, /^config\.json: made_up_multiplier: is not read/);
        assert.deepEqual({ ...parse({ made_up_multiplier: null }), json: null }, { ...parse(), json: null });
      },
    },
    {
      name: 'refuses quantized checkpoints, unknown rotations and bases that contradict each other',
      run() {
        refuses({ quantization_config: { quant_method: 'gptq' } }, /quantization_config: gptq-quantized/);
        refuses({ rope_scaling: { rope_type: 'made-up' } }, /rope_type: is not known here/);
        refuses({ rope_scaling: { rope_type: 'default', made_up: 2 } }, /rope_scaling: Unrecognized key: "made_up"/);
        refuses({ rope_theta: 5, rope_scaling: { rope_theta: 6 } }, /rope_theta: 5 contradicts .*rope_theta 6/);
      },
    },
    {
      name: 'has stored tensors that hold each of the decoder’s once',
      run() {
        const config = parse();
        const weights = initWeights(config, RandomKey.fromSeed(1));
        const stored = fuseWeights(config, weights);
        assert.deepEqual(
          Object.fromEntries(Object.entries(stored).map(([name, { shape }]) => [name, shape])),
          Object.fromEntries(storedShapes(config)),
        );
        const rows = fusedRows(config);
        for (const [name, [count, width = 1]] of weightShapes(config)) {
          const { name: file, first } = rows.get(name) ?? { name, first: 0 };
          const found = stored[file]!.data.subarray(first * width, (first + count!) * width);
          assert.deepEqual(found, weights[name]!.data, name);
        }
      },
    },
  ];
}

function decoderChecks(parse: () => ModelConfig): readonly ContractCheck[] {
  const logits = async (engine: Engine, batch: HostOf<DecoderBatch>): Promise<Float32Array> => {
    const config = parse();
    const logitsOf = (weights: Weights, inputs: DecoderBatch): tf.Tensor2D =>
      decoderLogits(config, weights, decoderHidden(config, weights, inputs));
    const program = engine.jit(logitsOf, { name: 'contract', frozen: initWeights(config, RandomKey.fromSeed(2), 0.3) });
    return Float32Array.from((await program(batch)).data);
  };
  return [
    {
      name: 'gives finite logits that later tokens and packed neighbours do not move',
      run: () =>
        withEngine(async (engine) => {
          const whole = await logits(engine, packed([IDS]));
          assert.ok(whole.every(Number.isFinite), 'a logit is not finite');
          const half = IDS.length / 2;
          const size = (half * whole.length) / IDS.length;
          const halves = await logits(engine, packed([IDS.slice(0, half), IDS.slice(half)]));
          assertClose(halves.subarray(0, size), whole.subarray(0, size));
          assertClose(halves.subarray(size), await logits(engine, packed([IDS.slice(half)])));
        }),
    },
    {
      name: 'writes through the cache what whole passes give',
      run: () =>
        withEngine(async (engine) => {
          const config = parse();
          const weights = initWeights(config, RandomKey.fromSeed(2), 0.3);
          const generator = createGenerator(engine, { config, weights });
          const written = await generator.generate(IDS, { maxTokens: 2 });
          await generator.dispose();
          for (const [i, id] of written.entries()) {
            const last = (await logits(engine, packed([[...IDS, ...written.slice(0, i)]]))).slice(-config.vocabSize);
            assert.equal(last.indexOf(largest(last)), id, `token ${i}`);
          }
        }),
    },
  ];
}

async function withEngine(run: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await createEngine({ engine: 'eager', device: 'cpu' });
  try {
    await run(engine);
  } finally {
    await engine.dispose();
  }
}

function packed(examples: readonly (readonly number[])[]): HostOf<DecoderBatch> {
  const row = (of: (example: readonly number[], i: number) => readonly number[]): HostTensor => {
    const data = examples.flatMap(of);
    return HostTensor.int(data, [1, data.length]);
  };
  return {
    ids_BS: row((ids) => ids),
    positions_BS: row((ids) => ids.map((_, position) => position)),
    segments_BS: row((ids, i) => ids.map(() => i + 1)),
  };
}

function assertClose(actual: Float32Array, expected: Float32Array): void {
  const scale = largest(expected.map(Math.abs));
  const difference = largest(actual.map((value, i) => Math.abs(value - expected[i]!)));
  assert.ok(difference <= 1e-5 * scale, `logits differ by ${difference / scale}, relative`);
}
