import { moduleMatcher } from '@gmoe/adapters-core';
import { UserError } from '@gmoe/core';
import { SITE_NAMES, sitePath, type ModelConfig, type Site } from '@gmoe/model';
import { scalingFactor, type LoraOptions } from './options.js';

/** A linear layer of the model that carries an update. */
export interface LoraSite extends Site {
  /** `model.layers.0.self_attn.q_proj` */
  readonly path: string;
  readonly rank: number;
  /** alpha / R, or alpha / sqrt(R). */
  readonly scaling: number;
}

/**
 * Where LoRA stands in a model, with each module's own rank and scaling, layer by layer. Lists name ends of paths, a text is a
 * regular expression over whole paths, patterns are matched as PEFT's `get_pattern_key` does.
 *
 * @throws UserError if something that is named matches nothing, or two patterns match one module
 */
export function loraSites(options: LoraOptions, config: ModelConfig): LoraSite[] {
  const { targets, layers } = options;
  const chosen = layers ?? Array.from({ length: config.layers }, (_, layer) => layer);
  const beyond = chosen.find((layer) => layer >= config.layers);
  if (beyond !== undefined) {
    throw new UserError(`adapter: layers: ${beyond} is no layer of this model; allowed: 0 to ${config.layers - 1}`);
  }
  const sites = [...chosen].sort((a, b) => a - b).flatMap((layer) => sitesOf(targets, layer));
  if (sites.length === 0) {
    throw new UserError(
      `adapter: targets: '${String(targets)}' matches no linear layer; paths are like ${sitePath({ layer: 0, name: 'q_proj' })}`,
    );
  }
  if (typeof targets !== 'string') {
    const idle = targets.find((target) => !sites.some(({ path }) => endsWith(path, target)));
    if (idle) throw new UserError(`adapter: targets: '${idle}' matches no linear layer of this model`);
  }
  const rankOf = byPattern('rankPattern', options.rankPattern, options.rank, sites);
  const alphaOf = byPattern('alphaPattern', options.alphaPattern, options.alpha, sites);
  return sites.map((site) => {
    const rank = rankOf(site.path);
    return { ...site, rank, scaling: scalingFactor({ rank, alpha: alphaOf(site.path), scaling: options.scaling }) };
  });
}

type Place = Site & { readonly path: string };

/** The targeted sites of a layer: in the order of a list of names, else in the decoder's. */
function sitesOf(targets: LoraOptions['targets'], layer: number): Place[] {
  const places = SITE_NAMES.map((name): Place => ({ layer, name, path: sitePath({ layer, name }) }));
  if (typeof targets === 'string') {
    const whole = moduleMatcher(targets, 'adapter: targets');
    // A whole path: what the pattern leaves before it must be nothing.
    return places.filter(({ path }) => whole(path) && new RegExp(`^(?:${targets})$`).test(path));
  }
  const found = targets.flatMap((target) => places.filter(({ path }) => endsWith(path, target)));
  return [...new Set(found)];
}

const endsWith = (path: string, target: string): boolean => path === target || path.endsWith(`.${target}`);

function byPattern(
  option: 'rankPattern' | 'alphaPattern',
  patterns: Readonly<Record<string, number>>,
  otherwise: number,
  sites: readonly Place[],
): (path: string) => number {
  const field = `adapter: ${option}`;
  const rules = Object.entries(patterns).map(([key, value]) => ({ key, value, matches: moduleMatcher(key, field) }));
  const idle = rules.find(({ matches }) => !sites.some(({ path }) => matches(path)));
  if (idle) throw new UserError(`${field}: '${idle.key}' matches none of the targeted modules`);
  return (path) => {
    const [first, second] = rules.filter(({ matches }) => matches(path));
    if (second) throw new UserError(`${field}: '${first!.key}' and '${second.key}' both match ${path}; allowed: one`);
    return first?.value ?? otherwise;
  };
}
