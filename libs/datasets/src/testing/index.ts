export { createTask, folderWith, jsonLines, sharedData } from './task-files.js';
export { testTaskContract } from './task-contract.js';
