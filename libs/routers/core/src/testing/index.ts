export { routerContract, type RouterContractCase } from './router-contract.js';
export { selectorContract, type SelectorContractCase } from './selector-contract.js';
export {
  matrixOf,
  nextStateOnBothEngines,
  routeOnBothEngines,
  rowsOf,
  selectOnBothEngines,
  type SelectionCase,
} from './on-both-engines.js';
export { stubRouter } from './stub-router.js';
