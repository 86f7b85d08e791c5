export { expertChoiceSelector } from './expert-choice-selector.js';
