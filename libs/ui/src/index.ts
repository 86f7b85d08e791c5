export { serveUi, type UiOptions, type UiServer } from './serve-ui.js';
