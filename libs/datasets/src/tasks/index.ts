import type { TaskComponent } from '../task.js';
import { boolQTask } from './boolq.js';
import { hellaSwagTask, piqaTask, siqaTask, winoGrandeTask } from './commonsense.js';
import { classificationTask } from './generic/classification.js';
import { multipleChoiceTask } from './generic/multiple-choice.js';
import { openstaxTopicsTask } from './openstax-topics.js';
import { arcChallengeTask, arcEasyTask, commonsenseQaTask, openBookQaTask, qascTask } from './question-choices.js';
import { chatTask } from './text/chat.js';
import { textTask } from './text/text.js';
import { colaTask, sst2Task, subjTask, trecTask } from './sentences.js';

/** The tasks that come with the framework. */
export const taskDefinitions: readonly TaskComponent[] = [
  openstaxTopicsTask,
  arcChallengeTask,
  arcEasyTask,
  openBookQaTask,
  boolQTask,
  siqaTask,
  piqaTask,
  hellaSwagTask,
  winoGrandeTask,
  commonsenseQaTask,
  qascTask,
  trecTask,
  sst2Task,
  subjTask,
  colaTask,
  multipleChoiceTask,
  classificationTask,
  textTask,
  chatTask,
];
