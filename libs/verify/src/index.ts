export { caseKinds, DEFAULT_ENGINES, verifyDirectory } from './verify-directory.js';
export type { CaseReport, Check, Measure } from './case-report.js';
export type { CaseKind } from './case-kind.js';
export { GoldenCase } from './golden-case.js';
