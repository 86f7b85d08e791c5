import { largest } from '@gmoe/core/extremes';
import { mean } from '../statistics/index.js';
import { formatValue } from '../summary/numbers.js';
import type { ArmSummary, LayerRoutingSummary, RoutingSummary, SweepSummary } from '../summary/index.js';
import { textCell, type Cell, type Column, type Table } from './table.js';

const NONE = '–';

/** A quantity of the routing: how it is headed, taken over layers, and written. */
interface Quantity {
  readonly key: string;
  readonly heading: string;
  readonly of: (layer: LayerRoutingSummary) => number | null;
  readonly over: 'mean' | 'sum' | 'max';
  /** Of a whole arm, where that is not one number a layer taken over layers. */
  readonly ofArm?: (routing: RoutingSummary) => number;
  readonly text: (value: number, layers: readonly LayerRoutingSummary[]) => string;
  /** What chance alone gives, written behind it. */
  readonly chance?: (layer: LayerRoutingSummary) => number | null;
}

const share = (value: number) => formatValue(value, 'share');
const percent = (value: number) => formatValue(value, 'percent');
const count = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
const expertsIn = (layers: readonly LayerRoutingSummary[]) => layers.reduce((sum, { experts }) => sum + experts, 0);
const pairsIn = (layers: readonly LayerRoutingSummary[]) =>
  layers.reduce((sum, { experts }) => sum + (experts * (experts - 1)) / 2, 0);

const QUANTITIES: readonly Quantity[] = [
  { key: 'entropy', heading: 'Load entropy (0–1)', of: (l) => l.entropy, over: 'mean', text: share },
  { key: 'cv', heading: 'Load CV', of: (l) => l.cv, over: 'mean', text: share },
  {
    key: 'max_share',
    heading: 'Max share (%)',
    of: (l) => l.maxShare,
    over: 'max',
    ofArm: ({ maxShare }) => maxShare,
    text: percent,
  },
  {
    key: 'dead_experts',
    heading: 'Dead experts',
    of: (l) => l.deadExperts,
    over: 'sum',
    text: (value, layers) => `${count(value)} of ${expertsIn(layers)}`,
  },
  { key: 'confidence', heading: 'Confidence (%)', of: (l) => l.confidence, over: 'mean', text: percent },
  {
    key: 'specialisation',
    heading: 'Specialisation (chance), %',
    of: (l) => l.specialisation,
    over: 'mean',
    text: percent,
    chance: (l) => l.specialisationBias,
  },
  {
    key: 'routing_agreement',
    heading: 'Same routing (chance), %',
    of: (l) => l.agreement,
    over: 'mean',
    text: percent,
    chance: (l) => l.agreementChance,
  },
  { key: 'routing_kappa', heading: 'κ', of: (l) => l.kappa, over: 'mean', text: share },
  {
    key: 'edges',
    heading: 'Graph edges',
    of: (l) => l.edges,
    over: 'sum',
    text: (value, layers) => `${count(value)} of ${pairsIn(layers)}`,
  },
  {
    key: 'twins',
    heading: 'Twin experts',
    of: (l) => l.twins,
    over: 'sum',
    text: (value, layers) => `${count(value)} of ${expertsIn(layers)}`,
  },
];

const takenOver = {
  mean,
  sum: (v: readonly number[]) => v.reduce((a, b) => a + b, 0),
  max: (v: readonly number[]) => largest(v),
};

/** What the experts do: one row per arm, over its layers and seeds. */
export function routingTable(summary: SweepSummary): Table {
  const arms = routedArms(summary);
  const used = usedQuantities(arms);
  return {
    id: 'routing',
    title: 'What the experts do',
    columns: [
      { heading: 'Arm', align: 'left' },
      ...used.map(column),
      ...(arms.some(({ agreement }) => agreement !== null)
        ? [{ heading: 'Same answers (%)', align: 'right' as const }]
        : []),
    ],
    rows: arms.map((arm): Cell[] => [
      textCell('arm', arm.arm),
      ...used.map((quantity) => cell(quantity, arm.routing!.layers, arm.routing!)),
      ...(arms.some(({ agreement }) => agreement !== null)
        ? [
            {
              text: arm.agreement === null ? NONE : percent(arm.agreement),
              data: { answer_agreement: arm.agreement },
            },
          ]
        : []),
    ]),
    notes: [
      'On the test set. Mean over layers and seeds; dead experts, edges and twins are summed over layers, max share is the largest share of any expert of any layer, mean over seeds. ' +
        'Same routing and same answers: of two seeds, mean over all pairs of seeds.',
    ],
  };
}

/** The same, one row per layer of one arm. */
export function layerRoutingTable(arm: ArmSummary): Table {
  const layers = arm.routing?.layers ?? [];
  const used = usedQuantities([arm]);
  const values = Object.keys(layers[0]?.values ?? {});
  return {
    id: 'routing-layers',
    title: `Layer by layer: ${arm.arm}`,
    columns: [
      { heading: 'Layer', align: 'left' },
      ...used.map(column),
      ...values.map((name): Column => ({ heading: GREEK[name] ?? name, align: 'right' })),
    ],
    rows: layers.map((layer, l): Cell[] => [
      { text: String(l), data: { layer: l } },
      ...used.map((quantity) => cell(quantity, [layer])),
      ...values.map((name): Cell => {
        const value = layer.values[name];
        return { text: value === undefined ? NONE : formatValue(value, 'share'), data: { [name]: value ?? null } };
      }),
    ]),
    notes: [],
  };
}

/** How parameters of losses are written. */
export const GREEK: Readonly<Record<string, string>> = { 'poisson/lambda': 'λ', 'normal/sigma': 'σ' };

function routedArms(summary: SweepSummary): ArmSummary[] {
  return summary.arms.filter(({ routing }) => routing !== null);
}

function usedQuantities(arms: readonly ArmSummary[]): Quantity[] {
  return QUANTITIES.filter(({ of }) => arms.some(({ routing }) => routing?.layers.some((layer) => of(layer) !== null)));
}

const column = ({ heading }: Quantity): Column => ({ heading, align: 'right' });

function cell(
  { key, of, over, ofArm, text, chance }: Quantity,
  layers: readonly LayerRoutingSummary[],
  arm?: RoutingSummary,
): Cell {
  const values = layers.flatMap((layer) => of(layer) ?? []);
  if (values.length === 0) return { text: NONE, data: { [key]: null } };
  const value = arm && ofArm ? ofArm(arm) : takenOver[over](values);
  if (!chance) return { text: text(value, layers), data: { [key]: value } };
  const alone = mean(layers.flatMap((layer) => chance(layer) ?? []));
  return { text: `${text(value, layers)} (${text(alone, layers)})`, data: { [key]: value, [`${key}_chance`]: alone } };
}
