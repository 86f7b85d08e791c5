/**
 * The published surface: what a plug-in, a script or a notebook imports from `gmoe`. Grouped as docs/extending.md explains it.
 */

// Components: what a plug-in exports.
export {
  componentField,
  componentKind,
  createComponent,
  defineComponent,
  UserError,
  type Applicability,
  type Build,
  type Component,
  type ComponentChoice,
  type ComponentDefinition,
  type ComponentKind,
  type ContractCase,
} from '@gmoe/core';
export { z } from 'zod';

// Tensors: tfjs, host tensors, keyed randomness, differentiable ops, the two engines.
export * from '@gmoe/tensor';

// The kinds and their contracts.
export {
  adapterKind,
  createRoutedLayers,
  NAMES,
  parameter,
  randomInput,
  type Adapter,
  type AdapterBuilder,
  type AdapterInit,
  type AdapterParams,
  type AdapterSettings,
  type BoundAdapter,
  type ForwardContext,
  type RoutedLayer,
} from '@gmoe/adapters-core';
export {
  routerKind,
  selectorKind,
  discrete,
  denseSelector,
  topKSelector,
  topPSelector,
  type Router,
  type RouterContext,
  type RouterInit,
  type RouterOutput,
  type RouterParams,
  type RouterSpec,
  type RouterUsage,
  type Selection,
  type Selector,
  type StepUsage,
} from '@gmoe/routers-core';
export {
  coefficientOf,
  coefficientOptions,
  coordinationKind,
  decodePositive,
  encodePositive,
  meanOf,
  PARAMETERIZATIONS,
  positiveValues,
  stepSum,
  tokenMean,
  type CoordinationContext,
  type CoordinationInit,
  type CoordinationResult,
  type CoordinationSpec,
  type CoordinationStrategy,
  type HostTensors,
  type LayerRouting,
  type PositiveBounds,
  type Tensors,
} from '@gmoe/coordination-core';
export {
  activation,
  defineFamily,
  familyKind,
  layerTypes,
  PRE_NORMS,
  readRope,
  SITE_NAMES,
  sitePath,
  siteShape,
  typesOfLayers,
  windowsOfLayers,
  type FamilyDescription,
  type FamilyMaths,
  type LayerNorms,
  type ModelConfig,
  type ModelFamily,
  type DecoderHooks,
  type Rope,
  type SiteName,
} from '@gmoe/model';
export {
  composeOptimizer,
  optimizerKind,
  sharedOptions,
  type Optimizer,
  type UpdateInputs,
  type UpdateRule,
} from '@gmoe/optimizers';
export { finalRatioOption, scheduleKind, warmupOption, withWarmup, type Schedule } from '@gmoe/schedules';
export {
  choiceExample,
  choiceTaskOptions,
  csvRows,
  defineTask,
  jsonLineRows,
  lettered,
  parseRow,
  publishedTask,
  rowError,
  taskKind,
  taskOptions,
  tsvRows,
  type Example,
  type PublishedTask,
  type Row,
  type Split,
  type Task,
} from '@gmoe/datasets';
export {
  definePreset,
  followSubmission,
  launcherKind,
  presetKind,
  type Launcher,
  type LauncherFactory,
  type LauncherHost,
  type LaunchRequest,
  type LaunchSummary,
  type Preset,
  type Submission,
  type SubmittedWork,
} from '@gmoe/experiment';

// Sweeps from a script.
export { createSweeps, type Sweeps, type SweepOptions } from './sweeps.js';
export { loadResults } from './load-results.js';
export type { LaunchEvent, SweepPlan, TrialPlan, ArmPlan, TrialResult } from '@gmoe/experiment';
export type { SweepResults, TrialRecord } from '@gmoe/report';
