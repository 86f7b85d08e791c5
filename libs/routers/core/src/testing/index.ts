export { testRouterContract, type RouterContractCase } from './router-contract.js';
export { testSelectorContract, type SelectorContractCase } from './selector-contract.js';
