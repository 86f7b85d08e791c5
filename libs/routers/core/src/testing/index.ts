export { routerContract, type RouterContractCase } from './router-contract.js';
export { selectorContract, type SelectorContractCase } from './selector-contract.js';
