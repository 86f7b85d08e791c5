export { Registry, type Identified } from './registry.js';
export { UserError, messageOf } from './user-error.js';
export { stableHash, canonicalJson, type Json } from './canonical-json.js';
export { parseOptions } from './parse-options.js';
export { didYouMean } from './did-you-mean.js';
export { FIDELITIES, type Fidelity, type FidelityOptions } from './fidelity.js';
export { findUpward } from './find-upward.js';
export { resolveOptions, type OptionsDefinition } from './resolve-options.js';
