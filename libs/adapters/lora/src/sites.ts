import { UserError } from '@gmoe/core';

/** The linear layers of a decoder block that can carry LoRA, by their names in Hugging Face checkpoints. */
export const SITE_NAMES = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export type LoraSiteName = (typeof SITE_NAMES)[number];

/** The sites of the feed-forward network. */
export const FFN_SITE_NAMES = ['gate_proj', 'up_proj', 'down_proj'] as const;
export type FfnSiteName = (typeof FFN_SITE_NAMES)[number];

/** The widths that fix the shape of every site. */
export interface AdaptedShape {
  /** L. */
  readonly layers: number;
  /** D. */
  readonly modelWidth: number;
  /** F. */
  readonly ffnWidth: number;
  /** Query heads x head width. */
  readonly queryWidth: number;
  /** Key heads x head width. */
  readonly keyValueWidth: number;
}

/** Input and output width of a site. */
export function siteShape(name: LoraSiteName, shape: AdaptedShape): { readonly in: number; readonly out: number } {
  const { modelWidth, ffnWidth, queryWidth, keyValueWidth } = shape;
  switch (name) {
    case 'q_proj':
      return { in: modelWidth, out: queryWidth };
    case 'k_proj':
    case 'v_proj':
      return { in: modelWidth, out: keyValueWidth };
    case 'o_proj':
      return { in: queryWidth, out: modelWidth };
    case 'gate_proj':
    case 'up_proj':
      return { in: modelWidth, out: ffnWidth };
    case 'down_proj':
      return { in: ffnWidth, out: modelWidth };
  }
}

const BLOCK: Record<LoraSiteName, string> = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
};

/** A site's path inside the model: `layers.0.self_attn.q_proj`. */
export function sitePath(layer: number, name: LoraSiteName): string {
  return `layers.${layer}.${BLOCK[name]}.${name}`;
}

/** Layer and name of a path that `sitePath` made. @throws UserError if it is not one. */
export function parseSitePath(path: string): { readonly layer: number; readonly name: LoraSiteName } {
  const match = /^layers\.(\d+)\.(self_attn|mlp)\.(\w+)$/.exec(path);
  const name = SITE_NAMES.find((site) => site === match?.[3]);
  if (!match || !name || BLOCK[name] !== match[2]) throw new UserError(`'${path}' is not a site that can carry LoRA`);
  return { layer: Number(match[1]), name };
}
