export {
  defineRouter,
  type HostTensors,
  type Router,
  type RouterContext,
  type RouterDefinition,
  type RouterInit,
  type RouterOutput,
  type RouterParams,
  type RouterSpec,
  type RouterUsage,
  type Tensors,
} from './router.js';
export { defineSelector, type Selection, type Selector, type SelectorDefinition } from './selector.js';
export { denseSelector, selectorDefinitions, topKSelector, topPSelector } from './selectors.js';
export { discrete } from './discrete.js';
