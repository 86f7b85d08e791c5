// The launchers that come with the program: one line each.
export * from './local/index.js';
export * from './slurm/index.js';
export * from './ray/index.js';
