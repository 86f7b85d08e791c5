export { getPath, mergeConfig, setPath, type JsonObject } from './config-path.js';
export { groupIdentity, identityHash, NON_SEMANTIC_PATHS, trialIdentity, type TrialIdentity } from './identity.js';
export {
  createTrialSchema,
  type RuleViolation,
  type TrialRule,
  type TrialSchema,
  type TrialSchemaParts,
} from './trial-schema.js';
export { sweepFileSchema, type SweepFile } from './sweep-schema.js';
export { loadSweep, parseSweep, type LoadOptions, type SweepSpec } from './load-sweep.js';
export { splitTextHint } from './overrides.js';
export { definePreset, presetKind, type Preset } from './preset.js';
export { planSweep, type ArmPlan, type PlanOptions, type SweepPlan, type TrialPlan } from './plan.js';
export { sweepJsonSchema, trialJsonSchema } from './json-schema.js';
