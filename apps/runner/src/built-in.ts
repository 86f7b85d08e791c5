// The packages whose components come with the program: one line each. Every component that a package exports is registered.
export * as '@gmoe/coordination-load-balance' from '@gmoe/coordination-load-balance';
export * as '@gmoe/coordination-normal' from '@gmoe/coordination-normal';
export * as '@gmoe/coordination-poisson' from '@gmoe/coordination-poisson';
export * as '@gmoe/coordination-z-loss' from '@gmoe/coordination-z-loss';
export * as '@gmoe/datasets' from '@gmoe/datasets';
export * as '@gmoe/evaluation' from '@gmoe/evaluation';
export * as '@gmoe/families' from '@gmoe/families';
export * as '@gmoe/optimizers' from '@gmoe/optimizers';
export * as '@gmoe/presets' from '@gmoe/presets';
export * as '@gmoe/routers-core' from '@gmoe/routers-core';
export * as '@gmoe/routers-graph' from '@gmoe/routers-graph';
export * as '@gmoe/routers-linear' from '@gmoe/routers-linear';
export * as '@gmoe/routers-noisy-topk' from '@gmoe/routers-noisy-topk';
export * as '@gmoe/routers-sigmoid-bias' from '@gmoe/routers-sigmoid-bias';
export * as '@gmoe/routers-switch' from '@gmoe/routers-switch';
export * as '@gmoe/schedules' from '@gmoe/schedules';
