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
  'adapters-core': ['tensor', 'model', 'families', 'routers-core', 'coordination-core'],
  adapters: ['tensor', 'model', 'families', 'routers-core', 'coordination-core', 'adapters-core', 'adapters'],
  datasets: ['tensor'],
  task: ['datasets'],
  hub: [],
  schedules: [],
  optimizers: ['tensor'],
  training: [
    'tensor',
    'model',
    'diagnostics',
    'adapters-core',
    'routers-core',
    'coordination-core',
    'datasets',
    'optimizers',
    'schedules',
  ],
  evaluation: ['tensor', 'model', 'adapters-core', 'datasets', 'diagnostics'],
  experiment: [
    'routers-core',
    'coordination-core',
    'adapters-core',
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
    'adapters-core',
    'datasets',
    'optimizers',
    'schedules',
    'training',
    'evaluation',
    'model',
    'tensor',
    'experiment',
  ],
  launcher: ['experiment'],
  presets: ['experiment'],
  plugins: [],
  gmoe: [
    'tensor',
    'model',
    'adapters-core',
    'routers-core',
    'coordination-core',
    'optimizers',
    'schedules',
    'datasets',
    'experiment',
    'report',
  ],
  diagnostics: [],
  verify: [
    'tensor',
    'model',
    'routers-core',
    'router',
    'coordination-core',
    'coordination',
    'adapters-core',
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
  ui: ['experiment', 'report'],
};

const WITH_ADAPTERS = {
  ...LAYERS,
  training: [...LAYERS.training, 'adapters'],
  evaluation: [...LAYERS.evaluation, 'adapters'],
};

function boundaries(layers) {
  return [
    'error',
    {
      enforceBuildableLibDependency: false,
      allow: [],
      // What the program loads when it is used, tests may import at once.
      checkDynamicDependenciesExceptions: ['.*'],
      depConstraints: [
        ...Object.entries(layers).map(([layer, allowed]) => ({
          sourceTag: `layer:${layer}`,
          onlyDependOnLibsWithTags: ['core', ...allowed].map((name) => `layer:${name}`),
        })),
        { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['*'] },
        { sourceTag: 'layer:tools', onlyDependOnLibsWithTags: ['*'] },
      ],
    },
  ];
}

export default [
  { ignores: ['**/dist/**', 'node_modules/**', '.nx/**', 'coverage/**', 'runs/**', 'tmp/**', '.venv*/**', '**/*.py'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: false } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(LAYERS),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  // Training and evaluation know adapters by their contract alone; their tests use real ones.
  {
    files: ['libs/{evaluation,training}/**/*.test.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(WITH_ADAPTERS),
    },
  },
  { files: ['libs/**/*.ts'], ignores: ['**/*.test.ts'], rules: { 'no-console': 'error' } },
  {
    // A sweep's events spread into arguments overflow the call stack from some 120,000 on.
    files: ['**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.object.name='Math'][callee.property.name=/^(max|min|hypot)$/] > SpreadElement",
          message: 'largest, smallest and euclideanNorm of @gmoe/core take any number of values.',
        },
        {
          selector:
            'CallExpression[callee.property.name=/^(push|unshift|splice|fromCharCode|fromCodePoint)$/] > SpreadElement',
          message: 'Push one by one: arguments are on the stack.',
        },
      ],
    },
  },
  {
    // One thing a function. Contract suites and goldens are lists of checks, charts and pages lists of marks and elements.
    files: ['**/*.ts', '**/*.mjs'],
    ignores: [
      '**/*.test.ts',
      '**/testing/**',
      'libs/report/src/{charts,page}/**',
      'libs/ui/src/page/**',
      'libs/verify/src/kinds/**',
    ],
    rules: { 'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }] },
  },
  // Nx loads local generators and executors as CommonJS.
  { files: ['tools/{executors,generators}/**/*.js'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  prettier,
];
