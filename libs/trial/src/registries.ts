import type { CoordinationDefinition } from '@gmoe/coordination-core';
import type { Registry } from '@gmoe/core';
import type { TaskDefinition } from '@gmoe/datasets';
import type { RouterDefinition, SelectorDefinition } from '@gmoe/routers-core';

/** The implementations that a config can name. The app composes them; a new router lib is one more entry. */
export interface Registries {
  readonly routers: Registry<RouterDefinition>;
  readonly selectors: Registry<SelectorDefinition>;
  readonly coordination: Registry<CoordinationDefinition>;
  readonly tasks: Registry<TaskDefinition>;
}
