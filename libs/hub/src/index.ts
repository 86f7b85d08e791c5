export { pull, type Pulled, type PullOptions, type PullProgress } from './pull.js';
export { hubSettings, type HubSettings } from './hub-settings.js';
export { type RepoKind } from './repo-id.js';
