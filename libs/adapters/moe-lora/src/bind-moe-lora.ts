import {
  NAMES,
  outputProducts,
  parameter,
  randomInput,
  type AdapterParams,
  type BoundAdapter,
  type ForwardContext,
  type RoutedLayers,
} from '@gmoe/adapters-core';
import { addLora, applyDropout, scalingFactor, type LoraLayers } from '@gmoe/adapters-lora';
import { sitePath, type Site } from '@gmoe/model';
import type { Selection } from '@gmoe/routers-core';
import { gatherRows, type tf } from '@gmoe/tensor';
import {
  expertsUpdate,
  mixtureAdditive,
  mixtureFfn,
  type ExpertFactors,
  type FfnBase,
  type MixtureSettings,
} from './mixture-forward.js';
import { isAttention, type MixtureSite, type MixtureSites } from './mixture-sites.js';
import type { MixtureOptions } from './options.js';

export interface MoeLoraParts {
  readonly mixture: MixtureOptions;
  readonly places: MixtureSites;
  readonly routed: RoutedLayers;
  /** Plain LoRA beside the mixture. */
  readonly lora: LoraLayers | undefined;
}

/** The forward pass of one adapter over parameters inside a program. */
export function bindMoeLora(
  { mixture, places, routed, lora }: MoeLoraParts,
  params: AdapterParams,
  context: ForwardContext,
): BoundAdapter {
  const { route, outputs, routing } = routed.bind(params, context);
  /** Selections of the attention blocks that have been routed. */
  const attention = new Map<number, Selection>();

  const updates = lora?.bind(params, context);
  const plain: LinearHook = (site, x, base) => addLora(base(x), updates?.at(site, x));
  const settings = (layer: number, index: number): MixtureSettings => ({
    rank: mixture.rank,
    scaling: scalingFactor(mixture),
    dropout: (site, x) => {
      if (!context.training || mixture.dropout === 0) return x;
      return applyDropout(x, randomInput(context.randomInputs, NAMES.experts(layer, site)), mixture.dropout);
    },
    outputs: (inner_TM, b) =>
      outputs(index, () => {
        return outputProducts(inner_TM.mul(scalingFactor(mixture)), b, places.routed[index]!.experts);
      }),
  });
  const factors = ({ module }: MixtureSite) => ({
    a: parameter(params.trainable, NAMES.loraA(module)),
    b: parameter(params.trainable, NAMES.loraB(module)),
  });

  /** The selection at a site: its own, or its block's, which q, k and v share with o. */
  const selectionAt = ({ layer, name, routed: index }: MixtureSite, x_TI: tf.Tensor2D): Selection => {
    if (!isAttention(name) || places.attention[layer] === undefined) return route(index, x_TI);
    const found = attention.get(layer);
    if (!found) throw new Error(`the attention of layer ${layer} was not routed before its ${name}`);
    return found;
  };

  const linear: LinearHook = (site, x_TI, base) => {
    const block = places.attention[site.layer];
    if (block !== undefined && site.name !== 'o_proj' && isAttention(site.name) && !attention.has(site.layer)) {
      attention.set(site.layer, route(block, x_TI));
    }
    const y_TO = plain(site, x_TI, base);
    const place = places.sites.get(sitePath(site));
    if (!place) return y_TO;
    const update = expertsUpdate(
      site.name,
      x_TI,
      factors(place),
      selectionAt(place, x_TI),
      settings(site.layer, place.routed),
    );
    return y_TO.add(update);
  };

  // Dropout is drawn, and the experts' outputs are told, for all tokens.
  const wholeOnly = routed.readsOutputs || (context.training && (mixture.dropout > 0 || (lora?.drops ?? false)));
  const ffn = (layer: number, x_TD: tf.Tensor2D, base: FfnBase, rows_N?: tf.Tensor1D): tf.Tensor2D | undefined => {
    const block = places.ffn[layer];
    if (block === undefined) return undefined;
    const experts: ExpertFactors = Object.fromEntries(
      [...places.sites.values()].flatMap((place) =>
        place.layer === layer && !isAttention(place.name) ? [[place.name, factors(place)]] : [],
      ),
    );
    // Plain LoRA on the network's projections belongs to the base that the experts share.
    const shared: FfnBase = {
      ...base,
      gate: (x) => plain({ layer, name: 'gate_proj' }, x, base.gate),
      up: (x) => plain({ layer, name: 'up_proj' }, x, base.up),
      down: (x) => plain({ layer, name: 'down_proj' }, x, base.down),
    };
    const forward = mixture.form === 'ffn' ? mixtureFfn : mixtureAdditive;
    // Every token is routed, whichever are read.
    const selection = route(block, x_TD);
    const [x, chosen] =
      rows_N && !wholeOnly ? [gatherRows(x_TD, rows_N), selectionOfRows(selection, rows_N)] : [x_TD, selection];
    return forward(x, shared, experts, chosen, settings(layer, block));
  };

  return { hooks: { linear, ffn }, routing };
}

/** The selection of some of the tokens. rows [N] int32. */
function selectionOfRows({ mask_TE, gates_TE, ids_TK, weights_TK }: Selection, rows_N: tf.Tensor1D): Selection {
  return {
    mask_TE: gatherRows(mask_TE, rows_N),
    gates_TE: gatherRows(gates_TE, rows_N),
    ids_TK: gatherRows(ids_TK, rows_N),
    weights_TK: gatherRows(weights_TK, rows_N),
  };
}

type LinearHook = (site: Site, x_TI: tf.Tensor2D, base: (x: tf.Tensor2D) => tf.Tensor2D) => tf.Tensor2D;
