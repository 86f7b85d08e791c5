import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Which layers each layer may import from; imports run downward only. */
const LAYERS = {
  core: [],
  tensor: ['tensor'],
  'routers-core': ['tensor'],
  router: ['tensor', 'routers-core'],
  'coordination-core': ['tensor', 'schedules'],
  coordination: ['tensor', 'coordination-core', 'schedules'],
  model: ['tensor', 'model'],
  families: ['tensor', 'model'],
  adapters: ['tensor', 'model', 'families', 'routers-core', 'coordination-core', 'diagnostics', 'adapters'],
  datasets: ['tensor'],
  task: ['datasets'],
  hub: [],
  schedules: [],
  optimizers: ['tensor'],
  training: ['tensor', 'model', 'adapters', 'routers-core', 'coordination-core', 'datasets', 'optimizers', 'schedules'],
  evaluation: ['tensor', 'model', 'adapters', 'datasets', 'diagnostics'],
  experiment: [
    'routers-core',
    'coordination-core',
    'adapters',
    'datasets',
    'optimizers',
    'schedules',
    'training',
    'evaluation',
    'model',
    'tensor',
  ],
  trial: [
    'routers-core',
    'coordination-core',
    'adapters',
    'datasets',
    'optimizers',
    'schedules',
    'training',
    'evaluation',
    'model',
    'tensor',
    'experiment',
  ],
  presets: ['experiment'],
  plugins: [],
  gmoe: ['tensor', 'model', 'routers-core', 'coordination-core', 'datasets', 'experiment', 'report'],
  diagnostics: [],
  verify: [
    'tensor',
    'model',
    'routers-core',
    'router',
    'coordination-core',
    'coordination',
    'adapters',
    'datasets',
    'optimizers',
    'schedules',
    'training',
    'verify',
  ],
  client: ['client'],
  tracking: ['client', 'tracking'],
  report: ['tensor', 'experiment', 'diagnostics', 'report'],
};

export default [
  { ignores: ['**/dist/**', 'node_modules/**', '.nx/**', 'coverage/**', 'runs/**', 'tmp/**', '.venv*/**', '**/*.py'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: false } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: [
            ...Object.entries(LAYERS).map(([layer, allowed]) => ({
              sourceTag: `layer:${layer}`,
              onlyDependOnLibsWithTags: ['core', ...allowed].map((name) => `layer:${name}`),
            })),
            { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['*'] },
            { sourceTag: 'layer:tools', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['libs/**/*.ts'], ignores: ['**/*.test.ts'], rules: { 'no-console': 'error' } },
  // Nx loads local generators as CommonJS.
  { files: ['tools/generators/**/*.js'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  prettier,
];
