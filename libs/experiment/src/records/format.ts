import type { Json } from '@gmoe/core';
import { z } from 'zod';

/** Version of every file that a sweep leaves on disk. A reader refuses what it does not know. */
export const FORMAT_VERSION = 1;

/** Any JSON value. */
export const jsonSchema: z.ZodType<Json> = z.json();
