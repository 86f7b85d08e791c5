import { HostTensor, type RandomKey } from '@gmoe/tensor';

/** A packed batch; see `PackedBatch`. */
export interface LanguageModelBatch {
  readonly ids_BS: HostTensor;
  readonly positions_BS: HostTensor;
  readonly segments_BS: HostTensor;
  readonly supervised_N: HostTensor;
  readonly targets_N: HostTensor;
  readonly weights_N: HostTensor;
}

export interface LanguageModelOptions {
  /** B, rows. */
  readonly batchSize: number;
  /** S, tokens of a row. */
  readonly sequenceLength: number;
  /** Token before every document; the model learns to start from it. */
  readonly separatorId: number;
}

/** Number of batches in one pass over the documents. */
export function languageModelBatchCount(
  documents: readonly ArrayLike<number>[],
  options: LanguageModelOptions,
): number {
  const tokens = documents.reduce((sum, document) => sum + document.length + 1, 0);
  return Math.floor(Math.floor((tokens - 1) / options.sequenceLength) / options.batchSize);
}

/**
 * Rows of consecutive tokens of the documents, each preceded by the separator; every position predicts the next token.
 * Attention stays within a document. Each epoch has its own keyed order of documents and of rows; the tail that does not
 * fill a batch is left out of its epoch.
 *
 * @param skip batches to leave out at the start: the sequence continues as if they had been taken
 */
export function* languageModelBatches(
  documents: readonly ArrayLike<number>[],
  options: LanguageModelOptions,
  key: RandomKey,
  skip = 0,
): Generator<LanguageModelBatch> {
  const perEpoch = languageModelBatchCount(documents, options);
  if (perEpoch === 0) throw new RangeError('the documents have fewer tokens than one batch');
  for (let epoch = Math.floor(skip / perEpoch), first = skip % perEpoch; ; epoch++, first = 0) {
    const epochKey = key.fold('epoch').fold(epoch);
    const stream = concatenate(
      documents,
      epochKey.fold('documents').permutation(documents.length),
      options.separatorId,
    );
    const rows = epochKey.fold('rows').permutation(Math.floor((stream.ids.length - 1) / options.sequenceLength));
    for (let batch = first; batch < perEpoch; batch++) {
      yield cut(
        stream,
        rows.subarray(batch * options.batchSize, (batch + 1) * options.batchSize),
        options.sequenceLength,
      );
    }
  }
}

/** The documents in order, once, for evaluation; the tail that does not fill a batch is left out. */
export function* heldOutBatches(
  documents: readonly ArrayLike<number>[],
  options: LanguageModelOptions,
): Generator<LanguageModelBatch> {
  const order = Int32Array.from(documents, (_, i) => i);
  const stream = concatenate(documents, order, options.separatorId);
  const rows = Math.floor((stream.ids.length - 1) / options.sequenceLength);
  for (let row = 0; row + options.batchSize <= rows; row += options.batchSize) {
    yield cut(
      stream,
      Int32Array.from({ length: options.batchSize }, (_, i) => row + i),
      options.sequenceLength,
    );
  }
}

/** Tokens of all documents, with the number (1, 2, ...) of the document that each belongs to. */
interface Stream {
  readonly ids: Int32Array;
  readonly documents: Int32Array;
}

function concatenate(documents: readonly ArrayLike<number>[], order: Int32Array, separatorId: number): Stream {
  const size = documents.reduce((sum, document) => sum + document.length + 1, 0);
  const ids = new Int32Array(size);
  const numbers = new Int32Array(size);
  let end = 0;
  order.forEach((index, rank) => {
    const document = documents[index]!;
    ids[end] = separatorId;
    ids.set(document, end + 1);
    numbers.fill(rank + 1, end, end + document.length + 1);
    end += document.length + 1;
  });
  return { ids, documents: numbers };
}

function cut({ ids, documents }: Stream, rows: Int32Array, length: number): LanguageModelBatch {
  const size = rows.length * length;
  const batch = {
    ids_BS: new Int32Array(size),
    positions_BS: new Int32Array(size),
    segments_BS: new Int32Array(size),
    targets_N: new Int32Array(size),
  };
  rows.forEach((row, b) => {
    const begin = row * length;
    const firstDocument = documents[begin]!;
    batch.ids_BS.set(ids.subarray(begin, begin + length), b * length);
    batch.targets_N.set(ids.subarray(begin + 1, begin + length + 1), b * length);
    for (let s = 0, start = 0; s < length; s++) {
      if (s > 0 && documents[begin + s] !== documents[begin + s - 1]) start = s;
      batch.positions_BS[b * length + s] = s - start;
      batch.segments_BS[b * length + s] = documents[begin + s]! - firstDocument + 1;
    }
  });
  const shape = [rows.length, length];
  return {
    ids_BS: new HostTensor(batch.ids_BS, shape),
    positions_BS: new HostTensor(batch.positions_BS, shape),
    segments_BS: new HostTensor(batch.segments_BS, shape),
    supervised_N: new HostTensor(
      Int32Array.from({ length: size }, (_, i) => i),
      [size],
    ),
    targets_N: new HostTensor(batch.targets_N, [size]),
    weights_N: HostTensor.full([size], 1),
  };
}
