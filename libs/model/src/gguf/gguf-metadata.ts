import { UserError } from '@gmoe/core';

/** The fields of a GGUF header, by kind. Each reader names the field in its errors. */
export class GgufMetadata {
  private readonly values: ReadonlyMap<string, unknown>;

  constructor(
    private readonly path: string,
    values: object,
  ) {
    this.values = new Map(Object.entries(values));
  }

  get keys(): readonly string[] {
    return [...this.values.keys()];
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  /** @throws UserError if it is no text */
  text(key: string): string | undefined {
    return this.of(key, 'a text', (value) => (typeof value === 'string' ? value : undefined));
  }

  /** @throws UserError if it is no finite number */
  number(key: string): number | undefined {
    return this.of(key, 'a number', (value) => {
      const number = typeof value === 'bigint' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    });
  }

  /** As `number`; of one that is there. */
  need(key: string): number {
    const value = this.number(key);
    if (value === undefined) throw new UserError(`${this.path}: ${key}: is missing`);
    return value;
  }

  flag(key: string): boolean | undefined {
    return this.of(key, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  texts(key: string): readonly string[] | undefined {
    return this.of(key, 'a list of texts', (value) =>
      Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined,
    );
  }

  numbers(key: string): readonly number[] | undefined {
    return this.of(key, 'a list of numbers', (value) =>
      Array.isArray(value) && value.every((each) => typeof each === 'number') ? value : undefined,
    );
  }

  /** The value as it is, for messages. */
  show(key: string): string {
    const value = this.values.get(key);
    const text = JSON.stringify(typeof value === 'bigint' ? Number(value) : value) ?? 'nothing';
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  }

  raw(key: string): unknown {
    return this.values.get(key);
  }

  private of<T>(key: string, what: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    const found = read(value);
    if (found === undefined) throw new UserError(`${this.path}: ${key}: must be ${what} (got ${this.show(key)})`);
    return found;
  }
}
