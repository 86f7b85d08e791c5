import { productForm } from '@gmoe/adapters-moe-lora';
import { groupedPlaces } from '@gmoe/tensor';
import { BENCH_SIZE, type StepSize } from './bench-step.js';
import { middle, ownStep } from './step-rows.js';

/** A few layers of SmolLM2's shape: what is asked is how cost grows, not how large it is. */
const BASE: StepSize = {
  ...BENCH_SIZE,
  layers: 4,
  hiddenSize: 576,
  ffnSize: 1536,
  heads: 9,
  kvHeads: 3,
  supervised: 64,
  batches: 1,
  fastWeights: true,
};

const VARIANTS: readonly (readonly [name: string, change: Partial<StepSize>])[] = [
  ['experts 16', { experts: 16 }],
  ['experts 64', { experts: 64 }],
  ['top 1', { topK: 1 }],
  ['top 4', { topK: 4 }],
  ['rank 4', { rank: 4 }],
  ['rank 32', { rank: 32 }],
  ['512 tokens', { rows: 4 }],
  ['4096 tokens', { rows: 32 }],
];

/**
 * Floating-point operations of a training step: products with the frozen base forward and for the input's gradient, products
 * in rank space and of LoRA forward and twice backward, the graph router's, attention's and the head's.
 */
export function stepOperations(size: StepSize): number {
  const { layers, hiddenSize: d, ffnSize: f, heads, kvHeads, rank, topK, experts, graphWidth: g } = size;
  const tokens = size.rows * size.length;
  const kv = (d / heads) * kvHeads;
  const inner = experts * rank;
  const frozen = 2 * d * d + 2 * d * kv;
  // Two factors on the way in, which each slot reads, and one on the way out, which each slot feeds: for all experts, or, sorted, for one.
  const ffnOf = (rows: number): number => {
    const grouped = productForm(rows, experts, rank) === 'grouped';
    const ofSlot = grouped ? (rank * groupedPlaces(rows, experts)) / rows : inner;
    const rankSpace = inner * (2 * d + d) + ofSlot * (2 * topK * f + topK * f);
    return rows * (2 * 3 * d * f + 3 * rankSpace);
  };
  const lora = rank * (2 * (d + d) + 2 * (d + kv));
  const router = d * g + 2 * (experts + 1) * (g * g + (experts + 1) * g) + experts * g;
  const attention = 2 * size.length * d;
  const others = tokens * (2 * frozen + 3 * (lora + router + attention));
  const head = 2 * size.supervised * d * size.vocabSize;
  // The last layer's network runs on the supervised positions alone.
  const ffn = (layers - 1) * ffnOf(tokens) + ffnOf(Math.min(size.supervised, tokens));
  return 2 * (layers * others + ffn + head);
}

const ROUNDS = 3;

/** How the step's time grows with experts, slots, rank and tokens, beside how its operations do: medians of rounds. */
export function printScaling(threads: number, row: (name: string, value: string) => void): void {
  const time = (size: StepSize) => ownStep({ size, compute: 'float32', threads, steps: 4, warmUp: 3 }).milliseconds;
  for (const [name, change] of VARIANTS) {
    const size = { ...BASE, ...change };
    // The base again beside each: the machine's speed drifts.
    const ratios = Array.from({ length: ROUNDS }, () => time(size) / time(BASE));
    const ratio = middle(ratios);
    const predicted = stepOperations(size) / stepOperations(BASE);
    row(
      `scaling: ${name}`,
      `${ratio.toFixed(2)} x the time, ${predicted.toFixed(2)} x the operations: ${(ratio / predicted).toFixed(2)} (${ratios.map((each) => (each / predicted).toFixed(2)).join(', ')})`,
    );
  }
}
