import type { Component } from '@gmoe/core';
import type { ModelFamily } from '@gmoe/model';
import * as builtIn from './built-in.js';

/** Every model family that checkpoints can be of. */
export const familyComponents: readonly Component<ModelFamily>[] = Object.values(builtIn);

/** The built-in families, made. */
export const families: readonly ModelFamily[] = familyComponents.map((component) => component.create());
