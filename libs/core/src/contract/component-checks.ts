import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Component } from '../component/component.js';
import type { ContractCheck } from './contract.js';

/** What every component holds, of whatever kind: every option described, a strict schema, a one-line description. */
export function componentChecks({ id, description, options, appliesWhen, fidelity }: Component): ContractCheck[] {
  return [
    {
      name: 'has an id in kebab-case and a description of one line',
      run() {
        assert.match(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, `id '${id}'`);
        assert.match(description, /^[^\n]+$/, 'description');
      },
    },
    {
      name: 'describes every option and takes no other key',
      run() {
        const json = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
        const undescribed = Object.entries(json.properties ?? {})
          .filter(([, property]) => typeof property === 'object' && !property.description)
          .map(([name]) => name);
        assert.deepEqual(undescribed, [], 'options without a description');
        const stranger = options.safeParse({ 'no such option': 1 });
        assert.ok(
          stranger.error?.issues.some(({ code }) => code === 'unrecognized_keys'),
          'its options must be a z.strictObject',
        );
      },
    },
    {
      name: 'names only options of its own in appliesWhen and fidelity',
      run() {
        const named = [
          ...Object.entries(appliesWhen ?? {}).flatMap(([option, others]) => [option, ...Object.keys(others ?? {})]),
          ...Object.values(fidelity ?? {}).flatMap((values) => Object.keys(values)),
        ];
        assert.deepEqual(
          named.filter((option) => !(option in options.shape)),
          [],
          'not among its options',
        );
      },
    },
  ];
}
