import { element } from '@gmoe/report/page';
import type { LogAnswer, TrialEntry } from '../ui-answers.js';
import { ask } from './requests.js';

/** The end of a trial's log, followed as it grows. */
export class LogPanel {
  private readonly title = element('h3');
  private readonly text = element('pre', { class: 'log', tabindex: 0, 'aria-label': 'Log' });
  readonly node = element('div', { hidden: true }, this.title, this.text);
  private of: { readonly sweep: string; readonly trial: TrialEntry } | undefined;

  async open(sweep: string, trial: TrialEntry): Promise<void> {
    this.of = { sweep, trial };
    await this.refresh();
  }

  close(): void {
    this.of = undefined;
    this.node.hidden = true;
  }

  async refresh(): Promise<void> {
    if (!this.of) return;
    const { sweep, trial } = this.of;
    const { text } = await ask<LogAnswer>('/api/log', { sweep, trial: trial.hash });
    const atEnd = this.text.scrollTop + this.text.clientHeight >= this.text.scrollHeight - 8;
    this.title.textContent = `Log of seed ${trial.seed}, trial ${trial.hash.slice(0, 16)}`;
    this.node.hidden = false;
    this.text.textContent = text === '' ? 'nothing is logged' : text;
    if (atEnd) this.text.scrollTop = this.text.scrollHeight;
  }
}
