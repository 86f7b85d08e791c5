import type { z } from 'zod';
import type { FidelityOptions } from '../fidelity.js';
import { parseOptions } from '../parse-options.js';
import type { Applicability } from './applicability.js';
import type { ComponentKind } from './kind.js';

/** What a config says of a component: its id, and options beside it. */
export interface ComponentChoice {
  readonly id: string;
  readonly [option: string]: unknown;
}

/** Makes the component that a config chose, e.g. the schedule of a coefficient. */
export type Build = <T>(kind: ComponentKind<T>, choice: ComponentChoice) => T;

/**
 * Everything that a YAML names by `id`: a router, an optimizer, a task. Its options (a strict zod object, every one
 * described and with a default where there can be one) are the only source of checks, defaults and docs.
 */
export interface Component<out T = unknown> {
  readonly kind: ComponentKind<T>;
  /** Unique within its kind, in kebab-case. */
  readonly id: string;
  /** One line. */
  readonly description: string;
  /** Options beside the id. */
  readonly options: z.ZodObject;
  /** Values laid over the defaults under a fidelity. */
  readonly fidelity?: FidelityOptions | undefined;
  /** Options that mean something only beside certain values of others; elsewhere they are refused. */
  readonly appliesWhen?: Applicability | undefined;
  /**
   * Part of the identity of trials that use it, where it is set. Raise it when the same options come to mean something else: a
   * changed default, a mended formula.
   */
  readonly revision?: number | undefined;
  /**
   * The component with its options.
   *
   * @param options checked against the schema; missing ones take their defaults
   * @param build makes the components that the options name; only those that have such options ask for it
   * @throws UserError on options that do not fit
   */
  create(options?: unknown, build?: Build): T;
}

export interface ComponentDefinition<T, Schema extends z.ZodObject> {
  readonly id: string;
  readonly description: string;
  readonly options: Schema;
  readonly fidelity?: FidelityOptions;
  readonly appliesWhen?: Applicability<z.output<Schema>>;
  readonly revision?: number;
  create(options: z.output<Schema>, build: Build): T;
}

/** A component of a kind; `create` gets its options checked and typed. */
export function defineComponent<T, Schema extends z.ZodObject>(
  kind: ComponentKind<T>,
  { create, ...definition }: ComponentDefinition<T, Schema>,
): Component<T> {
  return {
    ...definition,
    kind,
    create: (options = {}, build = withoutRegistry(definition.id)) =>
      create(parseOptions(definition.options, options, definition.id), build),
  };
}

const withoutRegistry =
  (id: string): Build =>
  (kind, choice) => {
    throw new Error(`'${id}' needs the ${kind.label} '${choice.id}': create it through a registry`);
  };
