import { didYouMean } from './did-you-mean.js';
import { UserError } from './user-error.js';

export interface Identified {
  readonly id: string;
}

/** Implementations of one contract by string id, e.g. all routers. */
export class Registry<T extends Identified> {
  private readonly entries = new Map<string, T>();

  /** @param kind what the entries are, in the singular, for messages: `router`. */
  constructor(
    readonly kind: string,
    entries: readonly T[] = [],
  ) {
    for (const entry of entries) this.register(entry);
  }

  /** @throws Error if the id is taken: two libs claim one name. */
  register(entry: T): this {
    if (this.entries.has(entry.id)) throw new Error(`${this.kind} '${entry.id}' is registered twice`);
    this.entries.set(entry.id, entry);
    return this;
  }

  /** @throws UserError naming the known ids if there is none of this id. */
  get(id: string): T {
    const entry = this.entries.get(id);
    if (!entry) {
      const known = this.ids();
      throw new UserError(`${this.kind}: unknown id '${id}'; ${didYouMean(id, known)}known: ${known.join(', ')}`);
    }
    return entry;
  }

  has(id: string): boolean {
    return this.entries.has(id);
  }

  ids(): string[] {
    return [...this.entries.keys()];
  }

  all(): T[] {
    return [...this.entries.values()];
  }
}
