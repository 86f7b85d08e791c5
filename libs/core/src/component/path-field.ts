import { z } from 'zod';
import { SchemaNotes } from './schema-notes.js';

/** What a path field says of its paths. */
export interface PathFieldOptions {
  /** Values that are no path: `bundled`. */
  readonly except?: readonly string[];
  /** Another field of the same object: where that holds a folder, the path is relative to it. */
  readonly relativeTo?: string;
}

const fields = new SchemaNotes<PathFieldOptions>();

/**
 * An option that names a file or folder. Relative paths mean the file that names them; what identifies a trial is the content,
 * not the path. Descriptions, defaults and `nullable` go around it.
 */
export function pathField(options: PathFieldOptions = {}) {
  const field = z.string().min(1);
  fields.set(field, options);
  return field;
}

/** What a schema says of paths; undefined if it is no path field. */
export function pathFieldOptions(schema: z.core.$ZodType): PathFieldOptions | undefined {
  return fields.get(schema);
}
