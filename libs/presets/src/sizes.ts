/** Whom the numbers are of. */
export const GMOE = 'GMoE, arXiv 2412.16216v3';
export const CODE = "the GMoE authors' code (every projection of the FFN; plain LoRA on q, k, v, o)";
export const SAME = `not stated in ${GMOE}: here as for gmoe, so that the comparison is at equal size`;

/** Plain LoRA on attention, as the authors' code has it. */
export const ATTENTION = { rank: 2, alpha: 4, targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj'] };
/** Eight experts of rank 2 in each FFN, two a token. */
export const EXPERTS = { experts: 8, rank: 2, alpha: 4, form: 'ffn', selector: { id: 'top-k', k: 2 } };
/** Where the numbers of both come from. */
export const SIZE_SOURCES = {
  'adapter.mixture.experts': `${GMOE}, settings: E = 8`,
  'adapter.mixture.rank': `${GMOE}, settings: R = 2`,
  'adapter.mixture.alpha': `${GMOE}, settings: alpha = 4`,
  'adapter.mixture.selector.k': `${GMOE}, settings: K = 2`,
  'adapter.mixture.form': CODE,
  'adapter.lora': `${CODE}; rank and alpha as the experts'`,
};
