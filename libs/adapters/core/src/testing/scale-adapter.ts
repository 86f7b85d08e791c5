import { defineComponent } from '@gmoe/core';
import { sitePath, siteShape } from '@gmoe/model';
import { HostTensor, type tf } from '@gmoe/tensor';
import { z } from 'zod';
import { adapterKind, parameter } from '../index.js';

export const scaleAdapter = defineComponent(adapterKind, {
  id: 'scale',
  description: 'a learned factor on each value of the attention, after (IA)^3 (Liu et al. 2022)',
  options: z.strictObject({}),
  create: () => ({
    routed: false,
    build: ({ config }) => ({
      config,
      init() {
        const paths = Array.from({ length: config.layers }, (_, layer) => sitePath({ layer, name: 'v_proj' }));
        const ones = () => HostTensor.full([siteShape(config, 'v_proj').outputs], 1);
        return { trainable: Object.fromEntries(paths.map((p) => [p, ones()])), frozen: {}, state: {}, warnings: [] };
      },
      bind: ({ trainable }) => ({
        hooks: {
          linear: (site, x_TI, base) =>
            site.name === 'v_proj' ? base(x_TI).mul(parameter<tf.Tensor1D>(trainable, sitePath(site))) : base(x_TI),
        },
      }),
    }),
  }),
});
