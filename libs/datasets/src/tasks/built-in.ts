// The tasks that come with the framework: one line each.
export { boolQTask } from './boolq.js';
export { hellaSwagTask, piqaTask, siqaTask, winoGrandeTask } from './commonsense.js';
export { classificationTask } from './generic/classification.js';
export { multipleChoiceTask } from './generic/multiple-choice.js';
export { openstaxTopicsTask } from './openstax-topics.js';
export { arcChallengeTask, arcEasyTask, commonsenseQaTask, openBookQaTask, qascTask } from './question-choices.js';
export { chatTask } from './text/chat.js';
export { textTask } from './text/text.js';
export { colaTask, sst2Task, subjTask, trecTask } from './sentences.js';
