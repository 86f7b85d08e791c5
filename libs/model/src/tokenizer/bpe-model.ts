/** `decoder` of a `tokenizer.json` whose tokens are of byte-level letters. */
export const BYTE_LEVEL_DECODER = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };

/** What byte-pair encodings differ in besides their tokens. */
export interface BpeModelOptions {
  readonly unknown?: string | null;
  readonly fuseUnknown?: boolean;
  readonly byteFallback?: boolean;
  readonly ignoreMerges?: boolean;
}

/** `model` of a `tokenizer.json` of byte-pair encoding, with every field that Hugging Face's library writes, in its order. */
export function bpeModel(
  vocab: Record<string, number>,
  merges: [string, string][],
  { unknown = null, fuseUnknown = false, byteFallback = false, ignoreMerges = false }: BpeModelOptions = {},
) {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: unknown,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: fuseUnknown,
    byte_fallback: byteFallback,
    ignore_merges: ignoreMerges,
    vocab,
    merges,
  };
}
