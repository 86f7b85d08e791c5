import { defineComponent } from '@gmoe/core';
import { linearMapRouter, routerKind } from '@gmoe/routers-core';
import { z } from 'zod';

const options = z.strictObject({
  initScale: z
    .number()
    .positive()
    .default(0.1)
    .describe('s; weights start as N(0, sqrt(s / D)), section 2.4 of the paper: 0.1, a tenth of the usual'),
});

/**
 * Router of the Switch Transformer (Fedus, Zoph & Shazeer 2022, arXiv 2101.03961, eq. 1): `P = softmax(x W^T)`, W [E, D],
 * meant for the `switch` selector (one expert a token, with capacity) and the `load-balance` strategy. The paper truncates
 * the starting weights at two standard deviations; here they are not truncated.
 */
export const switchRouter = defineComponent(routerKind, {
  id: 'switch',
  description: 'linear map with input jitter in training (Switch Transformer)',
  options,
  create: ({ initScale }) => linearMapRouter('switch', (modelWidth) => Math.sqrt(initScale / modelWidth)),
});
