import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { optimizerSchema, scheduleSchema, trainingSchema } from './options.js';

describe('options', () => {
  it('have a JSON Schema with a description of every option', () => {
    for (const schema of [optimizerSchema, scheduleSchema, trainingSchema]) {
      const json = z.toJSONSchema(schema, { io: 'input' }) as { properties: Record<string, { description?: string }> };
      for (const [name, { description }] of Object.entries(json.properties)) expect(description, name).toBeTruthy();
    }
  });

  it('take steps or epochs, by default 200 steps', () => {
    expect(trainingSchema.parse({}).steps).toBe(200);
    expect(trainingSchema.parse({ epochs: 5 })).toMatchObject({ epochs: 5 });
    expect(trainingSchema.parse({ epochs: 5 }).steps).toBeUndefined();
    expect(trainingSchema.safeParse({ epochs: 5, steps: 3 }).error?.issues[0]?.message).toBe(
      'give steps or epochs, not both',
    );
    expect(optimizerSchema.safeParse({ betas: [0.9, 1] }).success).toBe(false);
    expect(scheduleSchema.safeParse({ warmup: 3 }).success).toBe(false);
  });
});
