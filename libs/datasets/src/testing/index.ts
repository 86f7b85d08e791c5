export { createTask, folderWith, jsonLines, sharedData } from './task-files.js';
