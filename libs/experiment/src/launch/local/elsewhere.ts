import type { PlannedTrial } from '../../records/index.js';
import type { WorkItem } from '../../stopping/policy.js';
import { readClaim, type ClaimObserver } from '../../store/claim.js';
import type { SweepStore } from '../../store/sweep-store.js';

/** Trials that other workers on the same store are at. */
export class Elsewhere {
  private readonly items = new Map<string, { readonly item: WorkItem; readonly stale?: string }>();

  constructor(
    private readonly store: SweepStore,
    private readonly observer: ClaimObserver,
  ) {}

  get size(): number {
    return this.items.size;
  }

  add(item: WorkItem): void {
    this.items.set(item.trial.hash, { item });
  }

  /** Forgets a trial that a worker of ours takes. Returns the attempt whose claim it may displace. */
  take(trial: PlannedTrial): string | undefined {
    const stale = this.items.get(trial.hash)?.stale;
    this.items.delete(trial.hash);
    return stale;
  }

  /** Finished ones, which are forgotten, and abandoned ones, which may be taken. */
  look(): { readonly published: WorkItem[]; readonly abandoned: WorkItem[] } {
    const published: WorkItem[] = [];
    const abandoned: WorkItem[] = [];
    for (const [hash, { item, stale }] of this.items) {
      if (stale !== undefined) continue;
      const folder = this.store.trialFolder(hash);
      if (this.store.isPublished(hash)) {
        this.items.delete(hash);
        published.push(item);
        continue;
      }
      const claim = readClaim(folder);
      if (claim && !this.observer.isStale(folder, claim)) continue;
      if (claim) this.items.set(hash, { item, stale: claim.attempt });
      else this.items.delete(hash);
      abandoned.push(item);
    }
    return { published, abandoned };
  }
}
