import { createHash } from 'node:crypto';

/**
 * Where an example stands in the fixed order that samples are taken in: sha256 of its id. The order has nothing to do with
 * what an example asks or answers, and the samples of all sizes are nested.
 */
export function keyedRank(id: string): string {
  return createHash('sha256').update(`gmoe sample ${id}`).digest('hex');
}

/**
 * A sample of `size` of the items, the first by `keyedRank`, in the items' own order; all of them where `size` is null or
 * not smaller than their number. Never the first of a file, which may be sorted by answer.
 */
export function keyedSample<Item extends { readonly id: string }>(
  items: readonly Item[],
  size: number | null,
): readonly Item[] {
  if (size === null || size >= items.length) return items;
  const ranked = items.map((item, index) => ({ index, rank: keyedRank(item.id) }));
  const chosen = new Set(
    inOrder(ranked)
      .slice(0, size)
      .map(({ index }) => index),
  );
  return items.filter((_, index) => chosen.has(index));
}

/** The items by `keyedRank`. */
export function byKeyedRank<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return inOrder(items.map((item) => ({ item, rank: keyedRank(item.id) }))).map(({ item }) => item);
}

function inOrder<Ranked extends { readonly rank: string }>(ranked: readonly Ranked[]): Ranked[] {
  return ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank)));
}
