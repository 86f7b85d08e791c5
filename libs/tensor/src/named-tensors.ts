/** The entries whose name starts with `prefix`, under the rest of their name: one module's part of a state dict. */
export function underPrefix<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  const out: Record<string, T> = {};
  for (const [name, value] of Object.entries(entries)) {
    if (name.startsWith(prefix)) out[name.slice(prefix.length)] = value;
  }
  return out;
}

/** The same entries with `prefix` before each name: a module's state dict as a part of a larger one. */
export function withPrefix<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}
