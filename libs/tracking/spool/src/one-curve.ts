import type { JournalRecord } from './records.js';

/**
 * Makes one curve of what several attempts recorded in a journal. Two may be at a trial at once (one stood still, was given up
 * and woke up again); both record the same steps, and MLflow would keep both points. Of each metric and step the first point
 * counts, whoever recorded it; what one attempt says more than once itself stays.
 */
export class OneCurve {
  private readonly marks = new Map<string, { readonly step: number; readonly writer: string }>();
  private finished: { readonly writer: string; readonly known: ReadonlySet<string> } | undefined;
  private readonly writers = new Set<string>();

  /** The record without what others had recorded before; undefined if nothing is left of it. */
  take(record: JournalRecord): JournalRecord | undefined {
    switch (record.type) {
      case 'run':
        if (record.w !== undefined) this.writers.add(record.w);
        return record;
      case 'end':
        return this.takeEnd(record);
      case 'metrics':
        return record.w === undefined ? record : this.takeMetrics(record, record.w);
      default:
        return record;
    }
  }

  private takeMetrics(record: Extract<JournalRecord, { type: 'metrics' }>, writer: string): JournalRecord | undefined {
    const entries = Object.entries(record.metrics).filter(([key]) => {
      const mark = this.marks.get(key);
      if (mark && mark.writer !== writer && record.step <= mark.step) return false;
      if (!mark || record.step >= mark.step) this.marks.set(key, { step: record.step, writer });
      return true;
    });
    return entries.length > 0 ? { ...record, metrics: Object.fromEntries(entries) } : undefined;
  }

  /** An attempt that lost against one that finished does not turn the run into a killed one. */
  private takeEnd(record: Extract<JournalRecord, { type: 'end' }>): JournalRecord | undefined {
    const { w: writer, status } = record;
    if (writer === undefined) return record;
    const { finished } = this;
    if (finished && finished.writer !== writer && finished.known.has(writer) && status !== 'FINISHED') return undefined;
    if (status === 'FINISHED') this.finished = { writer, known: new Set(this.writers) };
    return record;
  }
}
