import { largest } from '@gmoe/core';
import type { Component } from '@gmoe/core';
import type { ModelFamily } from '@gmoe/model';
import { VALUES, type RefusedValue } from './refusals.js';

const BEGIN = '<!-- families: from libs/families/src/goldens.test.ts -->';
const END = '<!-- /families -->';

/**
 * The tables of docs/checkpoints.md: what of each family loads equal to transformers and what it refuses, and which families read a
 * field that others refuse.
 * @param equal cases that were found equal, by family
 */
export function familiesTable(
  components: readonly Component<ModelFamily>[],
  equal: ReadonlyMap<string, readonly string[]>,
  refused: readonly RefusedValue[],
): string {
  const families = components.map((component) => ({ component, family: component.create() }));
  const rows = families.map(({ component, family: { modelType } }) => [
    `\`${modelType}\``,
    component.description,
    (equal.get(modelType) ?? []).join('; '),
    refused
      .filter((value) => value.modelType === modelType)
      .map(({ label }) => label)
      .join('; '),
  ]);
  const readers = Object.keys(VALUES)
    .filter((field) => VALUES[field] !== null)
    .sort()
    .map((field) => [
      `\`${field}\``,
      families
        .filter(({ family }) => family.fields.includes(field))
        .map(({ family }) => family.modelType)
        .join(', '),
    ]);
  return [
    markdownTable(['`model_type`', 'models', 'loads equal', 'values that are refused by name'], rows),
    markdownTable(['field', 'read by; refused by name elsewhere'], readers),
  ].join('\n\n');
}

/** A document with what stands between the marks replaced. */
export function withFamiliesTable(document: string, table: string): string {
  const [before, rest] = document.split(BEGIN) as [string, string];
  return `${before}${BEGIN}\n\n${table}\n\n${END}${rest.split(END)[1]}`;
}

/** As Prettier aligns it. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    largest(
      rows.map((row) => row[i]!.length),
      Math.max(3, title.length),
    ),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
