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
export { pathField, type PathFieldOptions } from './component/path-field.js';
export { mapPaths, type ConfigPath } from './component/map-config.js';
export { withoutDefaults } from './component/without-defaults.js';
export { createComponent } from './component/create-component.js';
export { componentField, fieldKind, withApplicability } from './component/component-field.js';
export { ComponentRegistry, type ComponentOrigin } from './component/component-registry.js';
export { resolveComponentOptions, wrappedSchema, type ResolveOptions } from './component/resolve-config.js';
export { UserError, messageOf } from './user-error.js';
export { stableHash, canonicalJson, type Json } from './canonical-json.js';
export { parseOptions } from './parse-options.js';
export { didYouMean } from './did-you-mean.js';
export { FIDELITIES, type Fidelity, type FidelityOptions } from './fidelity.js';
export { findUpward } from './find-upward.js';
export { DEFAULTS, type Contract, type ContractCase, type ContractCheck } from './contract/contract.js';
export { assertBelow } from './contract/assert-below.js';
export { checksByCase } from './contract/checks-by-case.js';
export { componentChecks } from './contract/component-checks.js';
export { defaultsCheck } from './contract/defaults-check.js';
export { largest, smallest } from './extremes.js';
export { CALIBRATION_BINS, median, reliability, softmax } from './statistics/index.js';
export { euclideanNorm } from './euclidean-norm.js';
export {
  isTemporary,
  linkExclusively,
  renameDurably,
  syncFile,
  syncFolder,
  syncTree,
  writeAll,
  writeWhole,
  writeWholeFrom,
  type WriteOptions,
} from './files/durable.js';
export { makeSubfolder } from './files/make-subfolder.js';
export { parseJsonLine, readLines, type Line } from './files/json-lines.js';
export { parseJson } from './files/parse-json.js';
export { gunzipBounded, openRegular, readBounded, readRegularFile } from './files/read-bounded.js';
export { readRegularJson } from './files/read-regular-json.js';
export { readRange, readTail } from './files/read-range.js';
export { errnoName, systemFailure, type Blame, type SystemFailure } from './system/errno.js';
export { isAlive, isKnownDead, isOwn, ownIdentity, type ProcessIdentity } from './system/process-identity.js';
export { userCache } from './system/user-cache.js';
export { redact } from './system/redact.js';
export { terminalText } from './system/terminal-text.js';
export { proxyFetch, plainRequest, proxyVariable, type TlsSettings } from './system/proxy-fetch.js';
export { fileDigest } from './contents/file-digest.js';
