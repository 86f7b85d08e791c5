export { componentKind, type ComponentKind } from './component/kind.js';
export {
  defineComponent,
  type Build,
  type Component,
  type ComponentChoice,
  type ComponentDefinition,
} from './component/component.js';
export { type Applicability } from './component/applicability.js';
export { usedComponents } from './component/used-components.js';
export { componentsOf } from './component/components-of.js';
export { createComponent } from './component/create-component.js';
export { componentField, withApplicability } from './component/component-field.js';
export { ComponentRegistry, type ComponentOrigin } from './component/component-registry.js';
export { resolveComponentOptions, type ResolveOptions } from './component/resolve-config.js';
export { UserError, messageOf } from './user-error.js';
export { stableHash, canonicalJson, type Json } from './canonical-json.js';
export { parseOptions } from './parse-options.js';
export { didYouMean } from './did-you-mean.js';
export { FIDELITIES, type Fidelity, type FidelityOptions } from './fidelity.js';
export { findUpward } from './find-upward.js';
export { DEFAULTS, type Contract, type ContractCase, type ContractCheck } from './contract/contract.js';
export { assertBelow } from './contract/assert-below.js';
export { componentChecks } from './contract/component-checks.js';
export { largest, smallest } from './extremes.js';
