import type { LaunchEvent } from '@gmoe/experiment';

const MOST_LINES = 2;

/**
 * Remarks on what a trial drew, such as a routing graph without edges or with twins, in few lines: those of the first trial
 * of each arm that has any. All of them are in every trial's `log.txt`.
 */
export class DrawNotes {
  private readonly arms = new Map<string, { readonly trial: string; lines: number }>();

  /** The line to show for an event; undefined for most. */
  line(event: LaunchEvent): string | undefined {
    if (event.type !== 'progress' || event.event.type !== 'note' || event.event.step > 0) return undefined;
    const { arm, seed, hash } = event.trial;
    const told = this.arms.get(arm) ?? { trial: hash, lines: 0 };
    this.arms.set(arm, told);
    if (told.trial !== hash) return undefined;
    told.lines++;
    const name = `${arm}, seed ${seed}`;
    if (told.lines <= MOST_LINES) return `${name}: ${event.event.text ?? ''}`;
    return told.lines === MOST_LINES + 1 ? `${name}: further remarks in its log.txt` : undefined;
  }
}
