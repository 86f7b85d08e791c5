import type { Component } from './component.js';

/** The components that a module exports, one by one or in lists; each once. */
export function componentsOf(module: Readonly<Record<string, unknown>>): Component[] {
  return [...new Set(Object.values(module).flat())].filter(isComponent);
}

function isComponent(value: unknown): value is Component {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, options, create } = value as Partial<Record<keyof Component, unknown>>;
  const named = typeof kind === 'object' && kind !== null && 'name' in kind;
  return named && typeof id === 'string' && typeof options === 'object' && typeof create === 'function';
}
