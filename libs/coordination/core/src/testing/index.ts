export { coordinationContract, type CoordinationContractCase } from './coordination-contract.js';
