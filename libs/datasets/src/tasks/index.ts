import type { TaskDefinition } from '../task.js';
import { boolQTask } from './boolq.js';
import { openstaxTopicsTask } from './openstax-topics.js';
import { arcChallengeTask, arcEasyTask, openBookQaTask } from './question-choices.js';

/** The tasks that come with the framework. */
export const taskDefinitions: readonly TaskDefinition[] = [
  openstaxTopicsTask,
  arcChallengeTask,
  arcEasyTask,
  openBookQaTask,
  boolQTask,
];
