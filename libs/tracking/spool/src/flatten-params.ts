import type { Json } from '@gmoe/core';

/**
 * A nested configuration as flat params: `{ router: { width: 64 } }` becomes `router.width = 64`. Lists of plain values
 * stay one param, as JSON; lists of objects with an `id` each become one param of the ids and the rest by id, so that
 * they compare across arms: `coordination = poisson+normal`, `coordination.poisson.coefficient = 0.005`.
 */
export function flattenParams(config: Json, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {};
  walk(config, prefix, flat);
  return flat;
}

function walk(value: Json | undefined, path: string, flat: Record<string, string>): void {
  if (value === undefined) return;
  if (Array.isArray(value)) return walkList(value, path, flat);
  if (typeof value !== 'object' || value === null) {
    flat[path] = String(value);
    return;
  }
  const entries = Object.entries(value as Record<string, Json | undefined>);
  if (entries.length === 0 && path !== '') flat[path] = '{}';
  for (const [key, inner] of entries) walk(inner, path === '' ? key : `${path}.${key}`, flat);
}

function walkList(list: readonly Json[], path: string, flat: Record<string, string>): void {
  const ids = list.map((item) => (typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined));
  if (list.length > 0 && ids.every((id): id is string => typeof id === 'string') && new Set(ids).size === ids.length) {
    flat[path] = ids.join('+');
    list.forEach((item, index) => {
      const rest = Object.fromEntries(
        Object.entries(item as Record<string, Json | undefined>).filter(([key]) => key !== 'id'),
      );
      if (Object.keys(rest).length > 0) walk(rest, `${path}.${ids[index]}`, flat);
    });
  } else if (list.some((item) => typeof item === 'object' && item !== null))
    list.forEach((item, index) => walk(item, `${path}.${index}`, flat));
  else flat[path] = JSON.stringify(list);
}
