import type { SiteName } from '@gmoe/model';

/** The linear layers of the feed-forward network. */
export const FFN_SITE_NAMES = ['gate_proj', 'up_proj', 'down_proj'] as const satisfies readonly SiteName[];
export type FfnSiteName = (typeof FFN_SITE_NAMES)[number];
