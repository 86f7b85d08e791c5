import { parseOptions, UserError } from '@gmoe/core';
import { patternWays, SITE_NAMES } from '@gmoe/model';
import { z } from 'zod';

/** LoRA as PEFT's `LoraConfig` describes it. The same options, under the same names, as the adapters `lora` and `dora` have. */
export interface PeftLora {
  /** `r` */
  readonly rank: number;
  /** `lora_alpha` */
  readonly alpha: number;
  /** `lora_dropout` */
  readonly dropout: number;
  /** `use_rslora` */
  readonly scaling: 'standard' | 'rslora';
  /** `target_modules`: names or ends of paths of modules, or one regular expression over whole paths. */
  readonly targets: readonly string[] | string;
  /** `layers_to_transform`; null = all */
  readonly layers: readonly number[] | null;
  /** `rank_pattern`: rank by regular expression over ends of paths */
  readonly rankPattern: Readonly<Record<string, number>>;
  /** `alpha_pattern` */
  readonly alphaPattern: Readonly<Record<string, number>>;
  /** `modules_to_save`: trained and stored as a whole */
  readonly modulesToSave: readonly string[];
  /** `use_dora` */
  readonly dora: boolean;
}

/** Ways to start B and A that leave the base weights as they are; others (PiSSA, OLoRA, CorDA, LoftQ) move part of them into the adapter. */
const STARTS = ['gaussian', 'eva', 'orthogonal'] as const;

/** A list that stands for nothing while it is empty. */
const noneOf = (what: string) => z.array(z.unknown()).max(0, what).nullish();
/** As large as that of the adapter `lora`. */
const rank = z.int().min(1).max(4096);
const pattern = (value: z.ZodNumber) => z.record(z.string(), value).nullish();

/** PEFT's LoraConfig, where absent fields have its defaults; anything that would change the maths is read or checked. */
const peftSchema = z.looseObject({
  peft_type: z.literal('LORA', "only 'LORA' adapters and this project's 'GMOE' are known"),
  base_model_name_or_path: z.string().nullish(),
  r: rank,
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  target_modules: z.union([z.array(z.string()), z.string()]).nullish(),
  exclude_modules: z.union([z.array(z.string()), z.string()]).nullish(),
  layers_to_transform: z.union([z.array(z.int().min(0)), z.int().min(0)]).nullish(),
  rank_pattern: pattern(rank),
  alpha_pattern: pattern(z.number().positive()),
  modules_to_save: z.array(z.string()).nullish(),
  bias: z.literal('none', "trained biases are not known; train with bias: 'none'").default('none'),
  fan_in_fan_out: z.literal(false, 'transposed weights (fan_in_fan_out) are not known').default(false),
  lora_bias: z.literal(false, 'a bias on B is not known; train with lora_bias: false').default(false),
  layer_replication: noneOf('replicated layers are not known; merge the adapter with PEFT first'),
  megatron_config: z.null('Megatron layers are not known').optional(),
  target_parameters: noneOf('LoRA on bare parameters is not known; merge the adapter with PEFT first'),
  trainable_token_indices: z
    .union(
      [z.array(z.unknown()).max(0), z.strictObject({})],
      'trained embeddings of single tokens are not known; train the whole embedding (modules_to_save) or merge with PEFT',
    )
    .nullish(),
  alora_invocation_tokens: noneOf('activated LoRA is not known'),
  ensure_weight_tying: z
    .literal(false, 'a trained embedding that stays tied to the head is not known; merge the adapter with PEFT first')
    .default(false),
  init_lora_weights: z
    .union(
      [z.boolean(), z.enum(STARTS)],
      "adapters that started from parts of the base weights are not known; convert it with PEFT's save_pretrained(path_initial_model_for_weight_conversion=...)",
    )
    .nullish(),
});

/** Fields of newer variants of LoRA (`kasa_config`, `use_bdlora`, ...), which stand for nothing else while they are off. */
const VARIANT = /_config$|^use_/;
const READ_OR_HARMLESS = ['use_rslora', 'use_dora', 'eva_config', 'runtime_config'];

function refuseVariants(peft: Readonly<Record<string, unknown>>, where: string): void {
  for (const [name, value] of Object.entries(peft)) {
    if (!VARIANT.test(name) || READ_OR_HARMLESS.includes(name) || !value) continue;
    if (typeof value === 'object' && Object.keys(value).length === 0) continue;
    throw new UserError(
      `${where}: ${name}: this variant of LoRA is not known; merge the adapter with PEFT first (got ${JSON.stringify(value)})`,
    );
  }
}

/** What the tensors of a file say, beside its config. */
export interface PresentTensors {
  /** Modules that carry LoRA, as `model.layers.0.self_attn.q_proj`, in the model's order. */
  readonly modules: readonly string[];
  /** Modules that are stored as a whole: `lm_head`. */
  readonly saved: readonly string[];
}

/**
 * Reads PEFT's `adapter_config.json`. Targets are taken from where tensors are, so that patterns need no reading; lists that are
 * empty mean none, as in PEFT.
 *
 * @throws UserError naming what is not known, with what to do
 */
export function readPeftConfig(
  json: unknown,
  present: PresentTensors,
  where: string,
): { readonly lora: PeftLora; readonly baseModel: string | null } {
  const peft = parseOptions(peftSchema, json, where);
  refuseVariants(peft, where);
  const named = Array.isArray(peft.target_modules) ? peft.target_modules : [];
  const unknown = named.find((path) => !SITE_NAMES.some((site) => site === path.split('.').at(-1)));
  if (unknown) {
    const advice = /embed|head/.test(unknown) ? '; train it as a whole (modules_to_save), or merge with PEFT' : '';
    throw new UserError(
      `${where}: target_modules: '${unknown}' cannot carry LoRA here; known: ${SITE_NAMES.join(', ')}${advice}`,
    );
  }
  const bare = named.length > 0 && named.every((path) => !path.includes('.'));
  const limits = [peft.layers_to_transform ?? [], peft.exclude_modules ?? []].flat(2);
  const everywhere = bare && limits.length === 0;
  return {
    lora: {
      rank: peft.r,
      alpha: peft.lora_alpha,
      dropout: peft.lora_dropout,
      scaling: peft.use_rslora ? 'rslora' : 'standard',
      ...targetsOf(present.modules, everywhere),
      rankPattern: singlePatterns(peft.rank_pattern ?? {}, present.modules, where),
      alphaPattern: singlePatterns(peft.alpha_pattern ?? {}, present.modules, where),
      modulesToSave: [...present.saved],
      dora: peft.use_dora,
    },
    baseModel: peft.base_model_name_or_path ?? null,
  };
}

/** Where the tensors are: names of layers and modules where these say it, else whole paths. */
function targetsOf(modules: readonly string[], everywhere: boolean): Pick<PeftLora, 'targets' | 'layers'> {
  const parts = modules.map((path) => ({ layer: Number(path.split('.')[2]), name: path.split('.').at(-1)! }));
  const layers = [...new Set(parts.map(({ layer }) => layer))];
  const targets = SITE_NAMES.filter((site) => parts.some(({ name }) => name === site));
  if (layers.length * targets.length !== modules.length) return { targets: modules, layers: null };
  return { targets, layers: everywhere ? null : layers };
}

/**
 * Patterns of which one matches a module at most: of several, PEFT takes the first. Those that match nothing here fall away, as
 * in PEFT.
 */
function singlePatterns(
  patterns: Readonly<Record<string, number>>,
  modules: readonly string[],
  where: string,
): Record<string, number> {
  const matches = Object.keys(patterns).map((key) => ({ key, matches: moduleMatcher(key, where) }));
  const used = modules.map((path) => matches.filter((one) => one.matches(path)).map(({ key }) => key));
  if (used.every((keys) => keys.length <= 1)) {
    return Object.fromEntries(Object.entries(patterns).filter(([key]) => used.some((keys) => keys[0] === key)));
  }
  return Object.fromEntries(
    modules.flatMap((path, i) => (used[i]!.length > 0 ? [[path.replaceAll('.', '\\.'), patterns[used[i]![0]!]!]] : [])),
  );
}

/** Unbounded repetitions before something needed: paths are short, and patterns for them have several `.*`. */
const MOST_LOOPS = 3;

/**
 * Whether a module's path ends with what PEFT's pattern describes: `(.*\.)?(pattern)$`, as `get_pattern_key`.
 * @throws UserError if it is no regular expression, or one that may run away
 */
export function moduleMatcher(pattern: string, where: string): (path: string) => boolean {
  const { problem } = patternWays(pattern, MOST_LOOPS);
  if (problem !== undefined) throw new UserError(`${where}: '${pattern.slice(0, 80)}' ${problem}`);
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:.*\\.)?(?:${pattern})$`);
  } catch (error) {
    throw new UserError(`${where}: '${pattern}' is no regular expression`, { cause: error });
  }
  return (path) => regex.test(path);
}

/** `adapter_config.json` as PEFT writes it. */
export function toPeftConfig(lora: PeftLora, baseModel: string | null): object {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    inference_mode: true,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    use_rslora: lora.scaling === 'rslora',
    use_dora: lora.dora,
    target_modules: lora.targets,
    layers_to_transform: lora.layers,
    rank_pattern: lora.rankPattern,
    alpha_pattern: lora.alphaPattern,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: lora.modulesToSave.length > 0 ? lora.modulesToSave : null,
  };
}
