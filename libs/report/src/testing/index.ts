export { axeFindings } from './accessibility.js';
export { CHROMIUM, launchBrowser, troubleOf } from './browser.js';
export { builtProgram } from './page-program.js';
