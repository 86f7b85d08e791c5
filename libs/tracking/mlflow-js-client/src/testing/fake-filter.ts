/** One comparison of a search filter. */
interface Clause {
  readonly entity: 'metrics' | 'params' | 'tags' | 'attributes';
  readonly key: string;
  readonly operator: string;
  readonly value: string | number;
}

export interface Searchable {
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
}

const CLAUSE =
  /^\s*(?:(metrics?|params?|parameters?|tags?|attributes?|attr|run)\.)?(`[^`]*`|"[^"]*"|[\w.]+)\s*(!=|>=|<=|=|>|<|I?LIKE)\s*('[^']*'|"[^"]*"|-?[\d.]+(?:e[+-]?\d+)?)\s*/i;

/** @throws Error if the text is none that MLflow's language allows */
export function parseFilter(text: string): Clause[] {
  const clauses: Clause[] = [];
  for (let rest = text; rest.trim() !== '';) {
    const match = CLAUSE.exec(rest);
    if (!match) throw new Error(`Invalid clause(s) in filter string: ${rest}`);
    const [all, entity = 'attributes', key, operator, value] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    clauses.push({
      entity: entityOf(entity),
      key: key.replace(/^[`"]|[`"]$/g, ''),
      operator: operator.toUpperCase(),
      value: valueOf(value),
    });
    rest = rest.slice(all.length);
    const and = /^AND\s/i.exec(rest);
    if (and) rest = rest.slice(and[0].length);
    else if (rest.trim() !== '') throw new Error(`Invalid clause(s) in filter string: ${rest}`);
  }
  return clauses;
}

export function matches(clauses: readonly Clause[], item: Searchable): boolean {
  return clauses.every(({ entity, key, operator, value }) => {
    const actual = item[entity][key];
    if (actual === undefined) return false;
    switch (operator) {
      case '=':
        return actual === value;
      case '!=':
        return actual !== value;
      case '>':
        return actual > value;
      case '>=':
        return actual >= value;
      case '<':
        return actual < value;
      case '<=':
        return actual <= value;
      default: {
        const pattern = String(value)
          .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replaceAll('%', '.*')
          .replaceAll('_', '.');
        return new RegExp(`^${pattern}$`, operator === 'ILIKE' ? 'is' : 's').test(String(actual));
      }
    }
  });
}

function entityOf(name: string): Clause['entity'] {
  if (/^metric/i.test(name)) return 'metrics';
  if (/^param/i.test(name)) return 'params';
  return /^tag/i.test(name) ? 'tags' : 'attributes';
}

function valueOf(text: string): string | number {
  return /^['"]/.test(text) ? text.slice(1, -1) : Number(text);
}
