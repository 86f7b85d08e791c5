/**
 * A kind of component (`router`, `optimizer`), which names the contract `T` that its components make. Two kinds of one
 * name are the same kind.
 */
export interface ComponentKind<out T = unknown> {
  /** As configs and registries name it: `coordination`. */
  readonly name: string;
  /** As messages name it, in the singular: `coordination strategy`. */
  readonly label: string;
  /** Never set: carries the contract for the compiler. */
  readonly contract?: T;
}

export function componentKind<T>(name: string, label = name): ComponentKind<T> {
  return { name, label };
}
