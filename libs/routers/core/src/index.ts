export {
  routerKind,
  type HostTensors,
  type Router,
  type RouterContext,
  type RouterInit,
  type RouterOutput,
  type RouterParams,
  type RouterSpec,
  type RouterUsage,
  type StepUsage,
  type Tensors,
} from './router.js';
export { selectorKind, type Selection, type Selector, type SelectorInput } from './selector.js';
export { denseSelector, everySlot, topKSelector, topPSelector } from './selectors.js';
export { discrete } from './discrete.js';
export { innerRouter, traitsOf } from './inner-router.js';
export { linearMapRouter } from './linear-map.js';
