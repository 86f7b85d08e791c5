import { adapterKind, NAMES, parameter, type Adapter } from '@gmoe/adapters-core';
import {
  createLoraLayers,
  foldedWeight,
  loraProblem,
  loraSchema,
  savedModules,
  tensorOf,
  type LoraOptions,
} from '@gmoe/adapters-lora';
import { defineComponent } from '@gmoe/core';
import { siteHasBias, type ModelConfig } from '@gmoe/model';
import { HostTensor, type tf } from '@gmoe/tensor';
import { baseNormName, doraForward, magnitudeOf, norms, rowNorms } from './dora-layers.js';

/**
 * DoRA: LoRA of the direction of each weight row, with a trained magnitude (Liu et al. 2024, arXiv 2402.09353). The options are
 * LoRA's, the numbers PEFT's with `use_dora`.
 * @throws UserError on options that do not fit the model
 */
export function createDora(options: LoraOptions, config: ModelConfig): Adapter {
  const lora = createLoraLayers(options, config);
  const saved = savedModules(options.modulesToSave, config);
  return {
    config: saved.config,
    peft: { ...options, dora: true },
    init(key, weights) {
      const baseNorms = Object.fromEntries(lora.sites.map((site) => [site.path, rowNorms(weights, site)]));
      return {
        trainable: {
          ...lora.init(key),
          ...mapNames(baseNorms, NAMES.magnitude),
          ...saved.init(weights),
        },
        frozen: mapNames(baseNorms, baseNormName),
        state: {},
        warnings: [],
      };
    },
    isDerived: () => true,
    randomInputs: (key, tokens) => lora.randomInputs(key, tokens),
    bind(params, context) {
      const bound = lora.bind(params, context);
      return {
        hooks: {
          linear(place, x_TI, base) {
            const input = bound.at(place, x_TI);
            if (!input) return base(x_TI);
            const baseNorm_O = parameter<tf.Tensor1D>(params.frozen, baseNormName(input.site.path));
            const magnitude_O = magnitudeOf(params.trainable, input.site);
            return doraForward(x_TI, input, base, magnitude_O, baseNorm_O, siteHasBias(config, place.name));
          },
        },
      };
    },
    replacedWeights: (base, trainable) => saved.replacedWeights(base, trainable),
    merge(base, { trainable }) {
      const merged = { ...base, ...saved.replacedWeights(base, trainable) };
      for (const site of lora.sites) {
        const direction = foldedWeight(base, trainable, site);
        merged[`${site.path}.weight`] = scaledRows(direction, tensorOf(trainable, NAMES.magnitude(site.path)));
      }
      return merged;
    },
  };
}

/** Each row brought to its magnitude: `m_o / ||V_o|| V_o`. */
function scaledRows(direction: HostTensor, magnitude: HostTensor): HostTensor {
  const [rows, columns] = direction.shape as [number, number];
  const lengths = norms(direction.data, [rows, columns]);
  return new HostTensor(
    Float32Array.from(direction.data, (value, i) => {
      const row = Math.floor(i / columns);
      return (value * magnitude.data[row]!) / Math.max(lengths[row]!, 1e-6);
    }),
    direction.shape,
  );
}

function mapNames<T>(bySite: Readonly<Record<string, T>>, name: (path: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(bySite).map(([path, value]) => [name(path), value]));
}

export const doraAdapter = defineComponent(adapterKind, {
  id: 'dora',
  description: 'weight-decomposed LoRA: a trained magnitude beside the direction (Liu et al. 2024), as in PEFT',
  options: loraSchema,
  create: (options) => ({
    routed: false,
    problem: loraProblem(options),
    build: ({ config }) => createDora(options, config),
  }),
});
