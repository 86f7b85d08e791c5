/** The tokens that stand before and behind every text. */
export interface SurroundingTokens {
  readonly bos?: string;
  readonly eos?: string;
}

/** `post_processor` of a `tokenizer.json` that puts these tokens around a text; null where there are none. */
export function surroundingTemplate({ bos, eos }: SurroundingTokens, idOf: (token: string) => number) {
  const tokens = [bos, eos].filter((token) => token !== undefined);
  if (tokens.length === 0) return null;
  const part = (token: string | undefined, type_id: number) =>
    token === undefined ? [] : [{ SpecialToken: { id: token, type_id } }];
  const around = (id: 'A' | 'B', type_id: number) => [
    ...part(bos, type_id),
    { Sequence: { id, type_id } },
    ...part(eos, type_id),
  ];
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(tokens.map((id) => [id, { id, ids: [idOf(id)], tokens: [id] }])),
  };
}
