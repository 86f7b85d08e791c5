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
export { selectorKind, type Selection, type Selector } from './selector.js';
export { denseSelector, topKSelector, topPSelector } from './selectors.js';
export { discrete } from './discrete.js';
