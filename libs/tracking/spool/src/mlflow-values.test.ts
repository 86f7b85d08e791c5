import { artifactPathProblem, keyProblem } from 'mlflow-js-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flattenParams } from './index.js';
import { mlflowArtifactPath, mlflowKey, mlflowValue } from './mlflow-values.js';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });

describe('what MLflow cannot take', () => {
  it('becomes a valid key, different ones staying different', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(keyProblem(mlflowKey(a))).toBeUndefined();
        if (a !== b) expect(mlflowKey(a)).not.toBe(mlflowKey(b));
      }),
    );
    expect(mlflowKey('train/lóss')).toBe('train/lóss');
    expect(mlflowKey('k'.repeat(300))).toMatch(/^k{241}-[0-9a-f]{8}$/);
    expect(mlflowKey('a\u0301#b')).toMatch(/^a__b-[0-9a-f]{8}$/);
  });

  it('becomes a valid artifact path below the run', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.constantFrom('../../x', '/etc/passwd', 'a\\..\\b', 'C:/x', '..', 'a/../../b.json', '%2e%2e/x'),
        ),
        (path) => {
          expect(artifactPathProblem(mlflowArtifactPath(path))).toBeUndefined();
        },
      ),
    );
    expect(mlflowArtifactPath('./a//b.json')).toBe('a/b.json');
    expect(mlflowArtifactPath('../a.json')).toMatch(/^_\/a-[0-9a-f]{8}\.json$/);
  });

  it('becomes a valid value of at most the limit', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 0, maxLength: 1200 }),
        fc.constantFrom(250, 500, 6000),
        (value, limit) => {
          const short = mlflowValue(value, limit);
          expect(short.length).toBeLessThanOrEqual(limit);
          expect(short).not.toMatch(/\p{Surrogate}/u);
          if (value.length > limit) expect(short).toContain(`${value.length} characters, sha256 `);
        },
      ),
    );
  });
});

describe('flattenParams', () => {
  it('makes one param of each option', () => {
    expect(
      flattenParams({
        base: 'bundled',
        adapter: { lora: { rank: 4, targets: ['q_proj', 'v_proj'] }, mixture: null },
        coordination: [
          { id: 'poisson', coefficient: 0.005 },
          { id: 'normal', coefficient: 8 },
        ],
        twins: [
          { id: 'a', x: 1 },
          { id: 'a', x: 2 },
        ],
        none: [],
        empty: {},
        rate: 2e-4,
        tiny: 1e-8,
      }),
    ).toEqual({
      base: 'bundled',
      'adapter.lora.rank': '4',
      'adapter.lora.targets': '["q_proj","v_proj"]',
      'adapter.mixture': 'null',
      coordination: 'poisson+normal',
      'coordination.poisson.coefficient': '0.005',
      'coordination.normal.coefficient': '8',
      'twins.0.id': 'a',
      'twins.0.x': '1',
      'twins.1.id': 'a',
      'twins.1.x': '2',
      none: '[]',
      empty: '{}',
      rate: '0.0002',
      tiny: '1e-8',
    });
  });
});
