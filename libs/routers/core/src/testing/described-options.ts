import type { z } from 'zod';

/** Options of a definition that lack a description, and whether it takes any key. For contract suites. */
export function undescribedOptions(schema: z.ZodType): string[] {
  const { shape } = schema as unknown as { shape: Record<string, z.ZodType> };
  return Object.keys(shape).filter((key) => !shape[key]!.description && !innerDescription(shape[key]!));
}

/** `.describe()` may stand before `.default()`. */
function innerDescription(schema: z.ZodType): string | undefined {
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType && (innerType.description ?? innerDescription(innerType));
}
