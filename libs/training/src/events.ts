/** What training tells while it runs. Metrics by name, e.g. `train/loss`. */
export type TrainingEvent =
  | { readonly type: 'step'; readonly step: number; readonly metrics: Record<string, number> }
  | {
      readonly type: 'routing';
      readonly step: number;
      readonly metrics: Record<string, number>;
      /** Share of each layer's tokens that each expert served since the last record. [L][E] */
      readonly load: number[][];
    }
  | { readonly type: 'eval'; readonly step: number; readonly metrics: Record<string, number>; readonly best: boolean }
  | { readonly type: 'checkpoint'; readonly step: number; readonly folder: string }
  | { readonly type: 'note'; readonly step: number; readonly text: string };

/**
 * Why training ended. `diverged`: a loss or gradient was not finite; the state is the last finite one. `paused`: at `stopAfter`, with
 * a checkpoint.
 */
export type StopReason = 'finished' | 'paused' | 'patience' | 'data-exhausted' | 'diverged' | 'aborted';
