import { defineComponent } from '@gmoe/core';
import { linearMapRouter, routerKind } from '@gmoe/routers-core';
import { z } from 'zod';

const options = z.strictObject({
  std: z.number().positive().default(0.02).describe('standard deviation of the starting weights'),
});

/** `P = softmax(x Wg^T)`, Wg [E, D] (Shazeer et al. 2017 eq. 2 without noise; Fedus et al. 2021 eq. 1). */
export const linearRouter = defineComponent(routerKind, {
  id: 'linear',
  description: 'softmax of a linear map of the token',
  options,
  create: ({ std }) => linearMapRouter('linear', () => std),
});
