/** `npm run build`: the runner, as `gmoe` runs it. */
import { buildRunner } from './build-runner.mjs';

await buildRunner('dist/apps/runner');
