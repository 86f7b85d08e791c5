import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  componentField,
  componentKind,
  ComponentRegistry,
  defineComponent,
  UserError,
  withApplicability,
  componentChecks,
} from '../index.js';
import { testChecks } from '../testing/index.js';

interface Shape {
  area(): number;
}
const shapeKind = componentKind<Shape>('shape');
const scaleKind = componentKind<{ factor: number }>('scale', 'scale of lengths');

const square = defineComponent(shapeKind, {
  id: 'square',
  description: 'equal sides',
  options: z.strictObject({
    side: z.number().positive().default(1).describe('length of a side'),
    scale: componentField(scaleKind).prefault({ id: 'times' }).describe('unit of the side'),
  }),
  fidelity: { reference: { side: 3 } },
  create: ({ side, scale }, build) => ({ area: () => (side * build(scaleKind, scale).factor) ** 2 }),
});
const circle = defineComponent(shapeKind, {
  id: 'circle',
  description: 'one radius',
  options: z.strictObject({
    by: z.enum(['radius', 'area']).default('radius').describe('what is given'),
    radius: z.number().default(1).describe('r'),
    area: z.number().nullable().default(null).describe('pi r^2'),
    exact: z.boolean().default(false).describe('with all digits'),
  }),
  appliesWhen: { radius: { by: ['radius'] }, exact: { area: 'set' } },
  create: ({ radius }) => ({ area: () => Math.PI * radius ** 2 }),
});
const times = defineComponent(scaleKind, {
  id: 'times',
  description: 'a multiple',
  options: z.strictObject({ factor: z.number().default(10).describe('by which lengths are multiplied') }),
  create: ({ factor }) => ({ factor }),
});

const registry = new ComponentRegistry([shapeKind, scaleKind], [square, circle, times]);
const schema = z.strictObject({
  shape: componentField(shapeKind).nullable().default(null).describe('what is drawn'),
  more: z.array(componentField(shapeKind)).default([]),
  paint: withApplicability(z.strictObject({ on: z.boolean().default(false), colour: z.string().default('red') }), {
    colour: { on: [true] },
  }).prefault({}),
});

describe('resolve', () => {
  it('fills defaults at every depth, with those of the fidelity under what is written', () => {
    expect(registry.resolve(schema, { shape: { id: 'square' } })).toEqual({
      shape: { id: 'square', side: 1, scale: { id: 'times', factor: 10 } },
      more: [],
      paint: { on: false },
    });
    const raw = {
      more: [
        { id: 'square', scale: { id: 'times', factor: 2 } },
        { id: 'square', side: 5 },
      ],
    };
    expect(registry.resolve(schema, raw, { fidelity: 'reference' }).more).toEqual([
      { id: 'square', side: 3, scale: { id: 'times', factor: 2 } },
      { id: 'square', side: 5, scale: { id: 'times', factor: 10 } },
    ]);
    expect(registry.resolveChoice(shapeKind, { id: 'circle', by: 'area', area: 2 })).toEqual({
      id: 'circle',
      by: 'area',
      area: 2,
      exact: false,
    });
  });

  it('is what it gives: a resolved config resolves to itself', () => {
    const once = registry.resolve(schema, { shape: { id: 'square' }, paint: { on: true } });
    expect(registry.resolve(schema, once)).toEqual(once);
  });

  it.each([
    [
      { shape: { id: 'squares' } },
      'a.yaml: shape.id: unknown shape; did you mean \'square\'? known: square, circle (got "squares")',
    ],
    [{ shape: { id: 'square', side: 0 } }, /^a.yaml: shape.side: Too small.* \(got 0\)$/],
    [
      { shape: { id: 'square', scale: { id: 'times', by: 2 } } },
      'a.yaml: shape.scale: Unrecognized key: "by"; known: factor',
    ],
    [
      { more: [{ id: 'circle', radius: 1, by: 'area' }] },
      'a.yaml: more.0.radius: applies only with by: radius (by is area); leave it out',
    ],
    [
      { shape: { id: 'circle', exact: true } },
      'a.yaml: shape.exact: applies only with area set (area is null); leave it out',
    ],
    [{ paint: { colour: 'blue' } }, 'a.yaml: paint.colour: applies only with on: true (on is false); leave it out'],
    [{ shape: 'square' }, /^a.yaml: shape: Invalid input: expected object.*got "square"/],
  ])('refuses %j', (raw, message) => {
    expect(() => registry.resolve(schema, raw, { where: 'a.yaml' })).toThrow(message);
    expect(() => registry.resolve(schema, raw)).toThrow(UserError);
  });
});

describe('registry', () => {
  it('makes a component with the components that its options name', () => {
    expect(registry.build(shapeKind, { id: 'square', side: 2 }).area()).toBe(400);
    expect(() => registry.build(shapeKind, { id: 'square', side: -2 })).toThrow(/side/);
    expect(() => square.create({})).not.toThrow();
    expect(() => square.create({}).area()).toThrow(/registry/);
  });

  it('refuses a taken id and an unknown kind', () => {
    expect(() => registry.register(square, { source: './mine.ts' })).toThrow(
      "./mine.ts: shape 'square' is registered twice",
    );
    const alien = defineComponent(componentKind<number>('alien'), {
      id: 'x',
      description: '',
      options: z.strictObject({}),
      create: () => 1,
    });
    expect(() => registry.register(alien)).toThrow("'x' is of unknown kind 'alien'; known: shape, scale");
  });

  it('knows fields by whatever description and wrapper', () => {
    const described = z.strictObject({ shape: componentField(shapeKind).describe('a shape') });
    expect(registry.resolve(described, { shape: { id: 'square' } })).toEqual({
      shape: { id: 'square', side: 1, scale: { id: 'times', factor: 10 } },
    });
  });

  it('has a JSON Schema in which each component brings its options', () => {
    const json = registry.jsonSchema(schema) as {
      properties: { more: { items: { oneOf: { properties: object }[] } } };
    };
    const choices = json.properties.more.items.oneOf;
    expect(choices.map(({ properties }) => Object.keys(properties))).toEqual([
      ['id', 'side', 'scale'],
      ['id', 'by', 'radius', 'area', 'exact'],
    ]);
    expect(JSON.stringify(choices[0])).toContain('"const":"times"');
  });
});

testChecks('circle is a component', componentChecks(circle));
