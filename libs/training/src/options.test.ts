import { ComponentRegistry } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { trainingSchema } from './options.js';

describe('options', () => {
  it('have a JSON Schema with a description of every option', () => {
    const json = z.toJSONSchema(trainingSchema, { io: 'input' }) as {
      properties: Record<string, { description?: string }>;
    };
    for (const [name, { description }] of Object.entries(json.properties)) expect(description, name).toBeTruthy();
  });

  it('take steps or epochs, by default 200 steps', () => {
    expect(trainingSchema.parse({}).steps).toBe(200);
    expect(trainingSchema.parse({ epochs: 5 })).toMatchObject({ epochs: 5 });
    expect(trainingSchema.parse({ epochs: 5 }).steps).toBeUndefined();
    expect(trainingSchema.safeParse({ epochs: 5, steps: 3 }).error?.issues[0]?.message).toBe(
      'give steps or epochs, not both',
    );
  });

  it('refuse a best value and patience without evaluations, and leave them out', () => {
    const resolve = (raw: object) => new ComponentRegistry([]).resolve(trainingSchema, raw, { where: 'training' });
    expect(() => resolve({ patience: 3 })).toThrow(
      'training: patience: applies only with evalEvery set (evalEvery is null); leave it out',
    );
    expect(() => resolve({ best: { metric: 'eval/loss', mode: 'min' } })).toThrow(
      /best: applies only with evalEvery set/,
    );
    expect(Object.keys(resolve({}))).not.toEqual(expect.arrayContaining(['patience']));
    expect(resolve({ evalEvery: 5, patience: 3 })).toMatchObject({ patience: 3, best: { metric: 'eval/accuracy' } });
  });
});
