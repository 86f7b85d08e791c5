import type { z } from 'zod';

/** What is known of schemas beside what zod says of them; a described schema is a copy, and keeps what is known of its original. */
export class SchemaNotes<T> {
  private readonly notes = new WeakMap<z.core.$ZodType, T>();

  set(schema: z.core.$ZodType, note: T): void {
    this.notes.set(schema, note);
  }

  get(schema: z.core.$ZodType): T | undefined {
    for (let each: z.core.$ZodType | undefined = schema; each; each = each._zod.parent) {
      const note = this.notes.get(each);
      if (note !== undefined) return note;
    }
    return undefined;
  }
}
