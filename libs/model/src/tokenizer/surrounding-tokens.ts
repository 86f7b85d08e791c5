import { z } from 'zod';

const idPair = z.tuple([z.string(), z.int().min(0)]);
const templatePart = z.union([
  z.looseObject({ Sequence: z.looseObject({}) }),
  z.looseObject({ SpecialToken: z.looseObject({ id: z.string() }) }),
]);

/** The post-processors of `tokenizer.json` that put tokens around a text, and those that do not. */
const postProcessorSchema = z.union([
  z.looseObject({
    type: z.literal('TemplateProcessing'),
    single: z.array(templatePart),
    special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(z.int().min(0)) })),
  }),
  z.looseObject({ type: z.literal(['BertProcessing', 'RobertaProcessing']), cls: idPair, sep: idPair }),
  z.looseObject({ type: z.literal('ByteLevel') }),
]);

/** Token ids before and behind a text. */
export interface Surrounding {
  readonly startIds: readonly number[];
  readonly endIds: readonly number[];
}

const NONE: Surrounding = { startIds: [], endIds: [] };

/**
 * What a `post_processor` puts around every text.
 * @throws ZodError if it is of an unknown form
 */
export function surroundingIds(postProcessor: unknown): Surrounding {
  if (postProcessor === null || postProcessor === undefined) return NONE;
  const sequence = z.looseObject({ type: z.literal('Sequence'), processors: z.array(z.unknown()) });
  const { success, data } = sequence.safeParse(postProcessor);
  if (success) {
    // Each works on what the one before it made.
    return data.processors.map(surroundingIds).reduce(
      (inner, outer) => ({
        startIds: [...outer.startIds, ...inner.startIds],
        endIds: [...inner.endIds, ...outer.endIds],
      }),
      NONE,
    );
  }
  const processor = postProcessorSchema.parse(postProcessor);
  switch (processor.type) {
    case 'ByteLevel':
      return NONE;
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { startIds: [processor.cls[1]], endIds: [processor.sep[1]] };
    case 'TemplateProcessing': {
      const { single, special_tokens: special } = processor;
      const at = single.findIndex((part) => 'Sequence' in part);
      const ids = (parts: typeof single): number[] =>
        parts.flatMap((part) =>
          'SpecialToken' in part ? (special[(part.SpecialToken as { id: string }).id]?.ids ?? []) : [],
        );
      return { startIds: ids(single.slice(0, at)), endIds: ids(single.slice(at + 1)) };
    }
  }
}
