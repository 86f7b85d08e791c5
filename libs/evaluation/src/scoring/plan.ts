import { largest } from '@gmoe/core';
import { lengthOf, packSegments, type PackedScoring, type Segment } from '../pack-segments.js';
import type { EvaluationItem } from '../item.js';
import type { EvaluationSettings } from '../options.js';

/** Items laid out as batches. */
export interface ScoringPlan {
  readonly items: readonly EvaluationItem[];
  readonly batches: readonly PackedScoring[];
  /** Names of the domains, sorted. */
  readonly domains: readonly string[];
  /** Items that lost tokens. */
  readonly truncated: number;
  /** Tokens of all segments, padding excluded. */
  readonly tokens: number;
}

/** What an item becomes. */
export interface ItemSegments {
  readonly segments: readonly Omit<Segment, 'domain'>[];
  /** Whether tokens were left out. */
  readonly truncated: boolean;
}

/**
 * Lays items out.
 * @param segmentsOf gets the item's place, for `endOf` of a query
 * @param shared whether segments have continuations
 */
export function planScoring<Item extends EvaluationItem>(
  items: readonly Item[],
  segmentsOf: (item: Item, index: number) => ItemSegments,
  { batchSize, sequenceLength }: EvaluationSettings,
  shared: boolean,
): ScoringPlan {
  const domains = [...new Set(items.flatMap(({ domain }) => (domain === undefined ? [] : [domain])))].sort();
  let truncated = 0;
  const segments = items.flatMap((item, index): Segment[] => {
    const laid = segmentsOf(item, index);
    truncated += Number(laid.truncated);
    const domain = item.domain === undefined ? domains.length : domains.indexOf(item.domain);
    return laid.segments.map((segment) => ({ ...segment, domain }));
  });
  const counts = segments.flatMap(({ queries }) => queries.map((query) => query.candidates.length));
  const candidates = largest(counts, 1);
  const { rows: most, length } = gridOf(segments, batchSize, sequenceLength);
  const pack = (rows: number): PackedScoring[] =>
    packSegments(segments, {
      batchSize: rows,
      sequenceLength: length,
      queries: queriesPerBatch(segments, rows * length),
      noDomain: domains.length,
      shared,
      candidates,
    });
  const tokens = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  return { items, batches: fewestRows(pack, most, tokens / length), domains, truncated, tokens };
}

/** Beyond this many batches, an empty end of the last one is no matter. */
const FEW_BATCHES = 20;

/** Segments that the length of a row is chosen by. */
const SAMPLE = 1000;
/** Lengths of a row that are tried, in multiples of a granule. */
const LENGTHS = 24;
const GRANULE = 8;

/**
 * Rows of a length between the longest segment and `sequenceLength` that leave the fewest places empty, and as many of them as hold the tokens
 * of `batchSize` rows of `sequenceLength`.
 */
function gridOf(segments: readonly Segment[], batchSize: number, sequenceLength: number) {
  const lengths = segments.map(lengthOf);
  const longest = largest(lengths, 1);
  const step = Math.ceil(lengths.length / SAMPLE);
  const sample = lengths.filter((_, i) => i % step === 0).sort((a, b) => b - a);
  const tried = Array.from({ length: LENGTHS }, (_, i) => {
    const length = longest + ((sequenceLength - longest) * i) / (LENGTHS - 1);
    return Math.min(sequenceLength, GRANULE * Math.ceil(length / GRANULE));
  });
  const most = (length: number): number => Math.floor((batchSize * sequenceLength) / length);
  const placesOf = (length: number): number => {
    const rows = step * filledRows(sample, length);
    const batches = Math.ceil(rows / most(length));
    // Of few batches all have as few rows as hold everything; of many the last one's empty end is no matter.
    return length * (batches > FEW_BATCHES ? rows : batches * Math.ceil(rows / batches));
  };
  const grids = tried.map((length) => ({ rows: most(length), length, places: placesOf(length) }));
  return grids.reduce((best, each) => (each.places < best.places ? each : best));
}

/** Rows that hold pieces of these lengths, each put into the first row with room. */
function filledRows(lengths: readonly number[], rowLength: number): number {
  const free: number[] = [];
  for (const length of lengths) {
    const row = free.findIndex((room) => room >= length);
    if (row < 0) free.push(rowLength - length);
    else free[row]! -= length;
  }
  return free.length;
}

/**
 * As many batches as `most` rows each give, with as few rows as hold everything: all batches have one shape, and the last one would else be
 * computed nearly empty.
 * @param filled rows that the tokens fill
 */
function fewestRows(pack: (rows: number) => PackedScoring[], most: number, filled: number): PackedScoring[] {
  const batches = pack(most);
  if (batches.length === 0 || batches.length > FEW_BATCHES) return batches;
  for (let rows = Math.ceil(filled / batches.length); rows < most; rows++) {
    const smaller = pack(rows);
    if (smaller.length <= batches.length) return smaller;
  }
  return batches;
}

/** Slots for queries: what full rows of average segments would ask, so that neither rows nor slots are wasted. */
function queriesPerBatch(segments: readonly Segment[], size: number): number {
  const tokens = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  const queries = segments.reduce((sum, segment) => sum + segment.queries.length, 0);
  const most = largest(
    segments.map((segment) => segment.queries.length),
    1,
  );
  const expected = tokens === 0 ? 1 : Math.ceil((queries / tokens) * size);
  return Math.max(most, Math.min(queries, expected));
}
