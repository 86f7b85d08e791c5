/** How rotary frequencies are changed for sequences longer than those of pretraining; transformers' `rope_type`. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | { readonly type: 'dynamic'; readonly factor: number; readonly originalPositions: number }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalPositions: number;
      /** Turns over the original positions, above which a frequency stays as it is. */
      readonly betaFast: number;
      /** Turns below which it is divided by the factor. */
      readonly betaSlow: number;
      /** Whether the bounds between are rounded to whole columns. */
      readonly truncate: boolean;
      /** Factor of cosines and sines. */
      readonly magnitude: number;
    }
  | {
      readonly type: 'longrope';
      readonly originalPositions: number;
      /** Divisors of the frequencies [P/2] in sequences up to the original positions, and in longer ones. */
      readonly shortFactors: readonly number[];
      readonly longFactors: readonly number[];
      readonly magnitude: number;
    }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    };

/** Rotary position embedding (Su et al. 2021), half-split form. */
export interface Rope {
  /** Base of the frequencies, transformers' `rope_theta`. */
  readonly base: number;
  /** Columns of a head that rotate, the first ones; default all. */
  readonly columns?: number;
  readonly scaling?: RopeScaling;
}

/**
 * Rotary frequencies in radians per position, one for each pair of columns [P/2]: `base^(-2i/P)`, changed by the scaling.
 * Source: transformers `modeling_rope_utils.py`.
 *
 * @param headSize columns that rotate where the rope does not say
 * @param length tokens of the sequence; it matters to `dynamic` and `longrope`
 */
export function rotaryFrequencies({ base, columns, scaling }: Rope, headSize: number, length = 0): Float64Array {
  const width = columns ?? headSize;
  const plain = (theta: number) => Float64Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width));
  if (!scaling) return plain(base);
  switch (scaling.type) {
    case 'linear':
      return plain(base).map((frequency) => frequency / scaling.factor);
    case 'dynamic': {
      const { factor, originalPositions } = scaling;
      const stretch = (factor * Math.max(length, originalPositions)) / originalPositions - (factor - 1);
      return plain(base * stretch ** (width / (width - 2)));
    }
    case 'yarn': {
      const { factor, originalPositions, betaFast, betaSlow, truncate } = scaling;
      const columnOf = (turns: number) =>
        (width * Math.log(originalPositions / (turns * 2 * Math.PI))) / (2 * Math.log(base));
      const low = Math.max(truncate ? Math.floor(columnOf(betaFast)) : columnOf(betaFast), 0);
      const end = Math.min(truncate ? Math.ceil(columnOf(betaSlow)) : columnOf(betaSlow), width - 1);
      const high = end === low ? end + 0.001 : end;
      return plain(base).map((frequency, i) => {
        const slowed = Math.min(Math.max((i - low) / (high - low), 0), 1);
        return (frequency / factor) * slowed + frequency * (1 - slowed);
      });
    }
    case 'longrope': {
      const { shortFactors, longFactors, originalPositions } = scaling;
      const factors = length > originalPositions ? longFactors : shortFactors;
      return plain(base).map((frequency, i) => frequency / factors[i]!);
    }
    case 'llama3': {
      const { factor, lowFrequencyFactor, highFrequencyFactor, originalPositions } = scaling;
      return plain(base).map((frequency) => {
        const turns = (originalPositions * frequency) / (2 * Math.PI);
        if (turns < lowFrequencyFactor) return frequency / factor;
        if (turns > highFrequencyFactor) return frequency;
        const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
        return ((1 - smooth) / factor + smooth) * frequency;
      });
    }
  }
}

/** Factor of cosines and sines. */
export function rotaryMagnitude({ scaling }: Rope): number {
  return scaling?.type === 'yarn' || scaling?.type === 'longrope' ? scaling.magnitude : 1;
}

/** Whether sequences of `from` and of `to` tokens, the longer, turn by the same frequencies. */
export function sameRotation({ scaling }: Rope, from: number, to: number): boolean {
  if (scaling?.type === 'dynamic') return to <= scaling.originalPositions;
  if (scaling?.type === 'longrope') return from > scaling.originalPositions || to <= scaling.originalPositions;
  return true;
}

/** Whether the frequencies of sequences of up to `limit` tokens depend on how long each is. */
export function rotatesByLength({ scaling }: Rope, limit: number): boolean {
  return (scaling?.type === 'dynamic' || scaling?.type === 'longrope') && limit > scaling.originalPositions;
}
