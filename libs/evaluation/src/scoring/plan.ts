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
  const candidates = segments.flatMap(({ queries }) => queries.map((query) => query.candidates.length));
  const shape = {
    batchSize,
    sequenceLength,
    queries: queriesPerBatch(segments, batchSize * sequenceLength),
    noDomain: domains.length,
    shared,
    candidates: candidates.reduce((most, each) => Math.max(most, each), 1),
  };
  const tokens = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  return { items, batches: packSegments(segments, shape), domains, truncated, tokens };
}

/** Slots for queries: what full rows of average segments would ask, so that neither rows nor slots are wasted. */
function queriesPerBatch(segments: readonly Segment[], size: number): number {
  const tokens = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  const queries = segments.reduce((sum, segment) => sum + segment.queries.length, 0);
  const largest = segments.reduce((most, segment) => Math.max(most, segment.queries.length), 1);
  const expected = tokens === 0 ? 1 : Math.ceil((queries / tokens) * size);
  return Math.max(largest, Math.min(queries, expected));
}
