import type { tf } from './tf.js';
import type { HostTensor } from './host-tensor.js';

/** A nested structure (objects, arrays) with leaves of one kind, as programs take and return. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> };

/** The structure that a program's caller sees: every tfjs tensor is a host tensor. */
export type HostOf<T> = T extends tf.Tensor ? HostTensor : T extends object ? { [K in keyof T]: HostOf<T[K]> } : T;

/** One leaf with its path, e.g. `layers.0.weight`. */
export interface TreeEntry<Leaf> {
  readonly path: string;
  readonly leaf: Leaf;
}

/** All leaves in a fixed order: array order, and insertion order of object keys. */
export function flattenTree<Leaf>(tree: unknown, isLeaf: (value: unknown) => value is Leaf): TreeEntry<Leaf>[] {
  const entries: TreeEntry<Leaf>[] = [];
  const visit = (value: unknown, path: string): void => {
    if (isLeaf(value)) {
      entries.push({ path, leaf: value });
    } else if (Array.isArray(value)) {
      value.forEach((child, index) => visit(child, join(path, String(index))));
    } else if (isPlainObject(value)) {
      for (const [key, child] of Object.entries(value)) visit(child, join(path, key));
    } else {
      throw new TypeError(`'${path || '(root)'}' is ${describe(value)}, expected a tensor, an array or an object`);
    }
  };
  visit(tree, '');
  return entries;
}

/** The same structure with each leaf replaced; `replace` is called in `flattenTree`'s order. */
export function mapTree<Leaf, Out>(
  tree: unknown,
  isLeaf: (value: unknown) => value is Leaf,
  replace: (leaf: Leaf, path: string) => Out,
): Tree<Out> {
  const visit = (value: unknown, path: string): Tree<Out> => {
    if (isLeaf(value)) return replace(value, path);
    if (Array.isArray(value)) return value.map((child, index) => visit(child, join(path, String(index))));
    if (isPlainObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child, join(path, key))]));
    }
    throw new TypeError(`'${path || '(root)'}' is ${describe(value)}, expected a tensor, an array or an object`);
  };
  return visit(tree, '');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? value.constructor.name : typeof value;
}
