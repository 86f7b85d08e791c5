import { element } from '@gmoe/report/page';
import type { SweepEntry } from '../ui-answers.js';

/** The sweeps of the folder, with what is done of each. */
export function sweepList(
  entries: readonly SweepEntry[],
  chosen: string | undefined,
  onChoose: (path: string) => void,
): HTMLElement[] {
  return entries.map(({ path, name, trials, counts, problem }) =>
    element(
      'li',
      {},
      element(
        'button',
        { type: 'button', 'aria-current': String(path === chosen), title: path, onclick: () => onChoose(path) },
        name,
        element(
          'div',
          { class: 'note' },
          // Sweeps may have one name.
          path === '.' || path === name ? '' : `${path}: `,
          problem ??
            `${counts['finished'] ?? 0}/${trials} finished${counts['claimed'] ? `, ${counts['claimed']} running` : ''}${counts['failed'] ? `, ${counts['failed']} failed` : ''}`,
        ),
      ),
    ),
  );
}
