import { createHash } from 'node:crypto';
import type { InferenceSession } from 'onnxruntime-node';

/** Idle sessions that are kept; the one unused for longest goes first. */
const MOST_IDLE = 4;
/** Above this resident size sessions are not kept, MiB: an idle one holds the memory of its last run. */
const MOST_RESIDENT_MIB = 2048;

/** A session that goes back when it is released. */
export interface PooledSession {
  readonly session: InferenceSession;
  release(): Promise<void>;
}

interface Idle {
  readonly key: string;
  readonly session: InferenceSession;
}

/**
 * Keeps sessions of graphs that nobody runs at present, so that the next one who brings the same graph, byte for byte,
 * goes on with it: seeds of one arm differ in their inputs alone. Sessions carry nothing from one run to the next.
 */
export class SessionPool {
  private readonly idle: Idle[] = [];
  /** Sessions that were opened, and that were found here instead. */
  readonly counts = { opened: 0, reused: 0 };

  constructor(private readonly residentMiB: () => number = () => process.memoryUsage.rss() / 2 ** 20) {}

  /**
   * @param graph the encoded graph
   * @param settings what else makes a session what it is
   * @param open opens a session if there is none to go on with
   */
  async acquire(graph: Uint8Array, settings: string, open: () => Promise<InferenceSession>): Promise<PooledSession> {
    const key = createHash('sha256').update(settings).update('\0').update(graph).digest('hex');
    const at = this.idle.findIndex((entry) => entry.key === key);
    const found = at < 0 ? undefined : this.idle.splice(at, 1)[0]!.session;
    this.counts[found ? 'reused' : 'opened']++;
    const session = found ?? (await open());
    let released = false;
    return {
      session,
      release: async () => {
        if (released) return;
        released = true;
        this.idle.push({ key, session });
        const kept = this.residentMiB() > MOST_RESIDENT_MIB ? 0 : MOST_IDLE;
        while (this.idle.length > kept) await this.idle.shift()!.session.release();
      },
    };
  }
}
