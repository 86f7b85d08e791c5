import { METRICS } from '../summary/metric-catalog.js';
import type { Figure } from '../charts/figure.js';
import { narrowSvg, wideSvg } from '../charts/static-svg.js';
import type { SweepSummary } from '../summary/index.js';
import {
  comparisonTable,
  failureTable,
  layerRoutingTable,
  paperTable,
  routingTable,
  testTable,
} from '../tables/index.js';
import { escapeHtml } from './escape-html.js';
import { htmlTable } from './html-table.js';

export function heading(summary: SweepSummary): string {
  const { finished, failed, missing, total } = summary.trials;
  const facts = [
    `<b>${total}</b> trials: ${[`${finished} finished`, ...(failed ? [`${failed} failed`] : []), ...(missing ? [`${missing} without result`] : [])].join(', ')}`,
    `<b>${summary.arms.length}</b> arms`,
    `<b>${summary.seeds.length}</b> ${summary.seeds.length === 1 ? 'seed' : 'seeds'}: ${escapeHtml(seedList(summary.seeds))}`,
    ...(summary.createdAt === null
      ? []
      : [`begun ${new Date(summary.createdAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`]),
  ];
  return (
    `<h1>${escapeHtml(summary.name)}</h1>\n` +
    (summary.description === null ? '' : `<p class="lead">${escapeHtml(summary.description)}</p>\n`) +
    `<ul class="facts">${facts.map((fact) => `<li>${fact}</li>`).join('')}</ul>`
  );
}

function seedList(seeds: readonly number[]): string {
  return seeds.length > 8 ? `${seeds.slice(0, 7).join(', ')}, … ${seeds.at(-1)!}` : seeds.join(', ');
}

export function finding(summary: SweepSummary): string {
  return `<div class="finding">${summary.headline.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')}</div>`;
}

export function figure(chart: Figure): string {
  return (
    `<figure id="${escapeHtml(chart.id)}"><h3>${escapeHtml(chart.title)}</h3>\n` +
    `<div class="chart wide">${wideSvg(chart)}</div>\n<div class="chart narrow">${narrowSvg(chart)}</div>\n` +
    `<figcaption>${escapeHtml(chart.caption)}</figcaption></figure>`
  );
}

/** @param charts HTML of the charts of differences */
export function comparisons(summary: SweepSummary, charts: string): string {
  if (summary.comparisons.length === 0) return '';
  const table = comparisonTable(summary);
  const words = summary.comparisons.map(
    ({ arm, wording }) => `<li><b>${escapeHtml(arm)}</b>: ${escapeHtml(wording)}.</li>`,
  );
  return [
    charts,
    htmlTable(table),
    `<details><summary>In words</summary><ul class="plain">${words.join('\n')}</ul></details>`,
    `<details><summary>Further tests and effect sizes</summary>${htmlTable(testTable(summary))}</details>`,
  ].join('\n');
}

export function experts(summary: SweepSummary): string {
  const arms = summary.arms.filter(({ routing }) => routing !== null);
  if (arms.length === 0) return '';
  const layers = arms.map((arm) => {
    const table = layerRoutingTable(arm);
    return `<h3>${escapeHtml(arm.arm)}</h3>${htmlTable(table)}`;
  });
  return htmlTable(routingTable(summary)) + `<details><summary>Layer by layer</summary>${layers.join('\n')}</details>`;
}

export function paper(summary: SweepSummary): string {
  const table = paperTable(summary);
  return `<details><summary>As a paper prints it: ${escapeHtml(table.title.toLowerCase())}</summary>${htmlTable(table)}</details>`;
}

export function notes(summary: SweepSummary): string {
  if (summary.notes.length === 0) return '';
  return `<ul class="plain">${summary.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n')}</ul>`;
}

export function failures(summary: SweepSummary): string {
  const { failed, missing } = summary.trials;
  const table = failureTable(summary);
  const warnings =
    summary.warnings.length === 0
      ? ''
      : `<details${failed + missing === 0 ? '' : ' open'}><summary>Could not be read (${summary.warnings.length})</summary><ul class="plain">` +
        `${summary.warnings.map((line) => `<li><code>${escapeHtml(line)}</code></li>`).join('\n')}</ul></details>`;
  const stops = summary.stops.map(
    ({ arm, step, rule, rank, compared }) =>
      `<li><b>${escapeHtml(arm)}</b> at step ${step}, rank ${rank} of ${compared}: ${escapeHtml(rule)}</li>`,
  );
  const stopped = stops.length === 0 ? '' : `<h3>Arms ended early</h3><ul class="plain">${stops.join('\n')}</ul>`;
  if (failed === 0 && missing === 0) {
    return `<p>None: every planned trial finished.</p>${stopped}${warnings}`;
  }
  const body = table.rows.length > 0 ? htmlTable(table) : `<p class="note">${escapeHtml(table.notes.join(' '))}</p>`;
  return `${body}${stopped}${warnings}`;
}

export function reproduce(summary: SweepSummary): string {
  const { command, commit, spec, versions } = summary.provenance;
  const rows = [
    ...(command === undefined ? [] : [['Command', `<code>${escapeHtml(command)}</code>`]]),
    ...(commit === undefined ? [] : [['Commit', `<code>${escapeHtml(commit)}</code>`]]),
    ...Object.entries(versions ?? {}).map(([name, version]) => [escapeHtml(name), escapeHtml(version)]),
    [
      'Trials',
      `${summary.arms.length} arms × seeds ${escapeHtml(seedList(summary.seeds))}; the resolved config of each is in ` +
        '<code>trials/*/config.json</code>; a folder is named by the sha256 of that config',
    ],
    ['Same seed', 'same initialisation, data order, routing graph and dropout; the bootstrap here is seeded too'],
  ];
  return (
    `<dl>${rows.map(([name, value]) => `<dt>${name!}</dt><dd>${value!}</dd>`).join('\n')}</dl>` +
    (spec === undefined ? '' : `<details><summary>Sweep file</summary><pre>${escapeHtml(spec)}</pre></details>`)
  );
}

export function definitions(summary: SweepSummary): string {
  const used = METRICS.filter(({ id }) => summary.arms.some((arm) => arm.metrics[id]));
  const own = used.some(({ id }) => id === summary.primary.id) ? [] : [summary.primary];
  const statistics: (readonly [string, string])[] = [
    ['± (std)', 'Sample standard deviation over seeds, denominator n − 1: how much one run differs from another.'],
    [
      'Interval of the mean',
      `Student’s t: in ${+(100 * summary.level).toFixed(1)} % of repetitions with fresh seeds such an interval holds the true mean, if seeds scatter about normally.`,
    ],
    [
      'Paired t test',
      'On the differences per seed. Two-sided p: chance of a difference at least this large if there were none.',
    ],
    [
      'Holm’s correction',
      'Raises p so that the chance of even one false claim among all comparisons stays below the level.',
    ],
    ['d_z', 'Cohen’s: mean of the paired differences over their standard deviation. Unstable for few seeds.'],
    [
      'Bootstrap over seeds and examples',
      'Seeds and test examples drawn anew with replacement, an example with all its seeds; percentiles of the mean difference.',
    ],
    [
      'Suggestive',
      'p is below the level taken alone, not after Holm’s correction. “No evidence” means that this sweep cannot tell the arms apart, not that they are equal.',
    ],
    ...(summary.arms.some(({ routing }) => routing !== null) ? ROUTING : []),
    [
      'Untrained base, chance',
      'The base model without any adapter on the same test set, and guessing uniformly among the options.',
    ],
  ];
  const rows = [...[...own, ...used].map(({ label, definition }) => [label, definition] as const), ...statistics];
  return `<dl>${rows.map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`).join('\n')}</dl>`;
}

const ROUTING: readonly [string, string][] = [
  ['Load CV', 'Coefficient of variation of the experts’ shares of a layer: 0 if even, √(E − 1) if one expert has all.'],
  ['Dead expert', 'Its share of the assignments is below a hundredth of an even share.'],
  ['Confidence', 'Largest routing probability of a token, mean over tokens; 1/E if the router has no preference.'],
  [
    'Specialisation',
    'Mutual information of an assignment’s expert and the example’s domain, as a share of the domains’ entropy: 0 if experts ignore the domain. ' +
      'The estimate is above 0 by chance alone; the column beside it tells by how much at most.',
  ],
  [
    'Same routing, κ',
    'Share of the experts chosen at the last token of the test prompts that two seeds have in common, after the experts of one are renamed as fits best. ' +
      'Chance: two independent routings with the same loads; κ = (same − chance) / (1 − chance).',
  ],
  [
    'Twin experts',
    'Experts with the same neighbours in the router’s graph, themselves included: their logits are equal whatever is learned.',
  ],
  ['λ, σ', 'Learned parameters of the Poisson distinction and the Normal balance loss, one per layer.'],
];
