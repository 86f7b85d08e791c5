import { UserError } from '@gmoe/core';
import { RandomKey } from '@gmoe/tensor';
import { byKeyedRank } from '../order/keyed-order.js';

/** Share of the training file that becomes the dev split, or the test split, where none is published. */
const SHARE = 0.1;

type Part = 'train' | 'dev' | 'test';
type Parts<Item> = Record<Part, Item[]>;

/**
 * Splits a published training file by the examples' ids: where the published dev split serves as test, a tenth becomes the
 * dev split, so that nothing of the test split is used to choose anything; where there is but one file, another tenth is
 * test. Each example is drawn for itself; where that leaves a split empty or without one of the classes, as with few rows,
 * a tenth of each class is taken by count instead, at least one example.
 *
 * @param classOf what every split is to have examples of; absent = nothing
 * @throws UserError if there are fewer examples than splits
 */
export function carve<Item extends { readonly id: string }>(
  examples: readonly Item[],
  withTest: boolean,
  classOf?: (example: Item) => unknown,
): Parts<Item> {
  const names: readonly Part[] = withTest ? ['train', 'dev', 'test'] : ['train', 'dev'];
  const drawn = byDraw(examples, withTest);
  const classes = new Set(classOf ? examples.map(classOf) : []);
  const whole = names.every(
    (name) => drawn[name].length > 0 && (!classOf || new Set(drawn[name].map(classOf)).size === classes.size),
  );
  if (whole || examples.length === 0) return drawn;
  if (examples.length < names.length) {
    throw new UserError(
      `task: ${examples.length} ${examples.length === 1 ? 'example makes' : 'examples make'} no ${names.join(', ')} splits; name task.devFile and task.testFile, or add rows`,
    );
  }
  return byCount(examples, names, classOf);
}

function byDraw<Item extends { readonly id: string }>(examples: readonly Item[], withTest: boolean): Parts<Item> {
  const key = RandomKey.fromSeed(0).fold('carve-dev');
  const parts: Parts<Item> = { train: [], dev: [], test: [] };
  for (const example of examples) {
    const drawn = key.fold(example.id).uniform([1]).item();
    parts[drawn < SHARE ? 'dev' : withTest && drawn < 2 * SHARE ? 'test' : 'train'].push(example);
  }
  return parts;
}

/** A tenth of each class by count, at least one example where the class has one for every split. */
function byCount<Item extends { readonly id: string }>(
  examples: readonly Item[],
  names: readonly Part[],
  classOf: ((example: Item) => unknown) | undefined,
): Parts<Item> {
  const ranked = byKeyedRank(examples);
  const groups = new Map<unknown, Item[]>();
  for (const example of ranked) {
    const name = classOf?.(example);
    groups.set(name, [...(groups.get(name) ?? []), example]);
  }
  const held = names.filter((name) => name !== 'train');
  const place = new Map<Item, Part>();
  for (const group of groups.values()) {
    if (group.length < names.length) continue;
    const size = Math.max(1, Math.round(group.length * SHARE));
    held.forEach((name, i) => group.slice(i * size, (i + 1) * size).forEach((example) => place.set(example, name)));
  }
  // Classes too small for every split: a split that nothing else fills takes one of them.
  for (const name of held) {
    if ([...place.values()].includes(name)) continue;
    place.set(
      ranked.find((example) => !place.has(example))!,
      name,
    );
  }
  const parts: Parts<Item> = { train: [], dev: [], test: [] };
  for (const example of examples) parts[place.get(example) ?? 'train'].push(example);
  return parts;
}
