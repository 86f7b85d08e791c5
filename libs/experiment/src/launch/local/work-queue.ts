import type { WorkItem } from '../../stopping/policy.js';

/** Trials that wait for a worker. Those that need the machine to themselves come last. */
export class WorkQueue {
  private waiting: WorkItem[] = [];
  private alone: WorkItem[] = [];

  add(items: readonly WorkItem[]): void {
    this.waiting = this.waiting.concat(items);
  }

  addFirst(items: readonly WorkItem[]): void {
    this.waiting = items.concat(this.waiting);
  }

  addAlone(item: WorkItem): void {
    this.alone.push(item);
  }

  get size(): number {
    return this.waiting.length + this.alone.length;
  }

  /**
   * The next item: of the worker's last group, whose compiled graph it has; else of a group that no other worker is at;
   * else the first.
   *
   * @param running groups that workers are at; an item that runs alone is given out only when there is none
   */
  take(
    lastGroup: string | undefined,
    running: readonly string[],
  ): (WorkItem & { readonly alone: boolean }) | undefined {
    const find = (test: (item: WorkItem) => boolean): number => this.waiting.findIndex(test);
    const same = find((item) => item.trial.group === lastGroup);
    const fresh = find((item) => !running.includes(item.trial.group));
    const index = same >= 0 ? same : fresh >= 0 ? fresh : 0;
    const [item] = this.waiting.splice(index, 1);
    if (item) return { ...item, alone: false };
    if (running.length > 0) return undefined;
    const lonely = this.alone.shift();
    return lonely && { ...lonely, alone: true };
  }
}
