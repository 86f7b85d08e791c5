export { adapterContract, type AdapterContractCase } from './adapter-contract.js';
export { forwardAndGradients, peftBase, peftGoldens, peftTensors } from './peft-model.js';
