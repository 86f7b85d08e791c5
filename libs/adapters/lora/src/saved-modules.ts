import { UserError } from '@gmoe/core';
import { weightShapes, type ModelConfig } from '@gmoe/model';
import type { HostTensor } from '@gmoe/tensor';

type Named<T> = Readonly<Record<string, T>>;

const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head.weight';

/** Weights of the base that are trained and stored as a whole: PEFT's `modules_to_save`. */
export interface SavedModules {
  /** The model's config with them: a tied head or embedding that is trained alone is tied no longer, as in PEFT. */
  readonly config: ModelConfig;
  /** The base's values, as they start. @throws UserError if a weight is missing or not stored in floating point */
  init(weights: Named<HostTensor>): Record<string, HostTensor>;
  /** What stands in place of the base's weights. */
  replacedWeights<T>(base: Named<T>, trainable: Named<T>): Record<string, T>;
}

/**
 * @param modules ends of paths: `lm_head`, `embed_tokens`, `layers.0.input_layernorm`
 * @throws UserError if one matches no weight of the model
 */
export function savedModules(modules: readonly string[], config: ModelConfig): SavedModules {
  const known = new Set([...weightShapes(config).keys(), HEAD]);
  const names = new Set<string>();
  for (const module of modules) {
    const found = [...known].filter((name) => {
      const path = name.replace(/\.(?:weight|bias)$/, '');
      return path === module || path.endsWith(`.${module}`);
    });
    if (found.length === 0) {
      throw new UserError(
        `adapter: modulesToSave: '${module}' is no module of this model; lm_head and embed_tokens are, or a norm or linear layer by its name`,
      );
    }
    for (const name of found) names.add(name);
  }
  const untied = config.tiedEmbeddings && (names.has(HEAD) || names.has(EMBEDDING));
  const source = (name: string) => (name === HEAD && config.tiedEmbeddings ? EMBEDDING : name);
  return {
    config: untied ? untie(config) : config,
    init: (weights) =>
      Object.fromEntries(
        [...names].map((name) => {
          const tensor = weights[source(name)];
          if (!tensor) throw new UserError(`adapter: modulesToSave: the base has no weight '${source(name)}'`);
          if (tensor.dtype !== 'float32') {
            throw new UserError(
              `adapter: modulesToSave: '${source(name)}' is stored as ${tensor.dtype}; it must be float`,
            );
          }
          return [name, tensor];
        }),
      ),
    replacedWeights: <T>(base: Named<T>, trainable: Named<T>) => ({
      ...(untied ? { [HEAD]: base[EMBEDDING]! } : {}),
      ...Object.fromEntries([...names].map((name) => [name, trainable[name]!])),
    }),
  };
}

function untie(config: ModelConfig): ModelConfig {
  return { ...config, tiedEmbeddings: false, json: { ...config.json, tie_word_embeddings: false } };
}
