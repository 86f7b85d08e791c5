export { testCoordinationContract, type CoordinationContractCase } from './coordination-contract.js';
