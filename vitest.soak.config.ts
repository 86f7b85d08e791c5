import base from './vitest.config.ts';

/** The long tests: `npm run soak`. */
export default {
  ...base,
  test: {
    ...base.test,
    projects: undefined,
    include: ['libs/**/*.soak.test.ts', 'apps/**/*.soak.test.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
};
