import { z } from 'zod';
import { didYouMean } from '../did-you-mean.js';
import { UserError } from '../user-error.js';
import { fieldDefaultId, fieldKind } from './component-field.js';
import type { Build, Component, ComponentChoice } from './component.js';
import type { ComponentKind } from './kind.js';
import { resolveComponentOptions, resolveConfig, type ResolveOptions } from './resolve-config.js';

/** Where a component's code comes from. */
export interface ComponentOrigin {
  /** A package of this workspace, or the file or package of a plug-in. */
  readonly source: string;
  /** sha256 of that source's files, in hexadecimal; absent where the program runs from sources. */
  readonly digest?: string;
  /** Version of the package, where it has one. */
  readonly version?: string;
}

interface Entry {
  readonly component: Component;
  readonly origin: ComponentOrigin | undefined;
}

/** All components that configs can name, by kind and id. */
export class ComponentRegistry {
  private readonly entries = new Map<string, Map<string, Entry>>();

  /** @param kinds every kind that components may have; a component of another kind is refused */
  constructor(
    readonly kinds: readonly ComponentKind[],
    components: readonly Component[] = [],
  ) {
    for (const { name } of kinds) this.entries.set(name, new Map());
    for (const component of components) this.register(component);
  }

  /** @throws UserError if the kind is not known or the id is taken: two libs claim one name */
  register(component: Component, origin?: ComponentOrigin): this {
    const { kind, id } = component;
    const ofKind = this.entries.get(kind.name);
    const from = origin ? `${origin.source}: ` : '';
    if (!ofKind) {
      throw new UserError(
        `${from}'${id}' is of unknown kind '${kind.name}'; known: ${[...this.entries.keys()].join(', ')}`,
      );
    }
    if (ofKind.has(id)) throw new UserError(`${from}${kind.label} '${id}' is registered twice`);
    ofKind.set(id, { component, origin });
    return this;
  }

  /** @throws UserError naming the known ids if there is none of this id; `field` is where it was written */
  get<T>(kind: ComponentKind<T>, id: string, field: string = kind.label): Component<T> {
    const entry = this.entries.get(kind.name)?.get(id);
    if (!entry) {
      const known = this.ids(kind);
      throw new UserError(
        `${field}: unknown ${kind.label}; ${didYouMean(id, known)}known: ${known.join(', ')} (got ${JSON.stringify(id)})`,
      );
    }
    // The one place where the contract is taken on trust: components are stored under the name of their kind.
    return entry.component as Component<T>;
  }

  has(kind: ComponentKind, id: string): boolean {
    return this.entries.get(kind.name)?.has(id) ?? false;
  }

  ids(kind: ComponentKind): string[] {
    return [...(this.entries.get(kind.name)?.keys() ?? [])];
  }

  all<T>(kind: ComponentKind<T>): Component<T>[] {
    return this.ids(kind).map((id) => this.get(kind, id));
  }

  origin(kind: ComponentKind, id: string): ComponentOrigin | undefined {
    return this.entries.get(kind.name)?.get(id)?.origin;
  }

  /** A component as a config chose it, with the components that its options name. */
  readonly build: Build = (kind, { id, ...options }: ComponentChoice) => this.get(kind, id).create(options, this.build);

  /** @see resolveConfig */
  resolve<Schema extends z.ZodType>(schema: Schema, raw: unknown, options?: ResolveOptions): z.output<Schema> {
    return resolveConfig(schema, raw, this.find, options);
  }

  /** A choice with all its options, resolved. */
  resolveChoice(kind: ComponentKind, { id, ...raw }: ComponentChoice, options?: ResolveOptions): ComponentChoice {
    return { id, ...resolveComponentOptions(this.get(kind, id, options?.where), raw, this.find, options) };
  }

  /**
   * JSON Schema as users write a config: fields that hold a component become the choice of all of its kind. Within a component of
   * that same kind (a router that holds a router) only the ids are told apart: the schema would have no end.
   */
  jsonSchema(schema: z.ZodType, within: readonly ComponentKind[] = []): z.core.JSONSchema.BaseSchema {
    return z.toJSONSchema(schema, {
      io: 'input',
      override: ({ zodSchema, jsonSchema }) => {
        const kind = fieldKind(zodSchema);
        if (!kind) return;
        if (within.includes(kind)) {
          jsonSchema.properties = { id: { type: 'string', enum: this.ids(kind) } };
          return;
        }
        delete jsonSchema.type;
        delete jsonSchema.properties;
        delete jsonSchema.required;
        delete jsonSchema.additionalProperties;
        jsonSchema.oneOf = this.all(kind).map((component) =>
          this.componentJsonSchema(component, component.id === fieldDefaultId(zodSchema), [...within, kind]),
        );
      },
    });
  }

  private componentJsonSchema(
    { id, kind, description, options }: Component,
    isDefault: boolean,
    within: readonly ComponentKind[],
  ): z.core.JSONSchema.BaseSchema {
    const schema = this.jsonSchema(options, within);
    delete schema.$schema;
    return {
      ...schema,
      description,
      properties: { id: { const: id, type: 'string', description: `the ${kind.label}` }, ...schema.properties },
      required: [...(isDefault ? [] : ['id']), ...(schema.required ?? [])],
    };
  }

  /** `get` as a function, as `resolveConfig` asks for it. */
  readonly find = (kind: ComponentKind, id: string, field: string): Component => this.get(kind, id, field);
}
