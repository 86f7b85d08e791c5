import type { Component } from '@gmoe/core';
import type { ModelFamily } from '@gmoe/model';
import { gemmaFamily } from './gemma.js';
import { gemma2Family } from './gemma2.js';
import { gemma3TextFamily } from './gemma3-text.js';
import { graniteFamily } from './granite.js';
import { llamaFamily } from './llama.js';
import { mistralFamily } from './mistral.js';
import { olmo2Family } from './olmo2.js';
import { phi3Family } from './phi3.js';
import { qwen2Family } from './qwen2.js';
import { qwen3Family } from './qwen3.js';
import { smollm3Family } from './smollm3.js';
import { stablelmFamily } from './stablelm.js';

/** Every model family that checkpoints can be of. A new family is a file and a line here. */
export const familyComponents: readonly Component<ModelFamily>[] = [
  llamaFamily,
  mistralFamily,
  qwen2Family,
  qwen3Family,
  smollm3Family,
  gemmaFamily,
  gemma2Family,
  gemma3TextFamily,
  phi3Family,
  graniteFamily,
  olmo2Family,
  stablelmFamily,
];

/** The built-in families, made. */
export const families: readonly ModelFamily[] = familyComponents.map((component) => component.create());
