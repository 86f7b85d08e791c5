import { closeSync, fstatSync, fsync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

export interface WriterOptions {
  /** Longest time that what was written may wait for the disk, milliseconds; 0 syncs every line, null never before the end. */
  readonly fsyncMs: number | null;
  /** Most bytes kept in memory while the disk refuses them. */
  readonly maxPendingBytes: number;
}

/**
 * Appends lines to a file, each with one write call, so that they survive a SIGKILL of the process, and within
 * `fsyncMs` also of the machine. Never throws: what the disk refuses waits in memory, and what does not fit there is
 * counted as dropped.
 */
export class JournalWriter {
  /** Lines lost because disk and memory were full. */
  dropped = 0;
  /** Last complaint of the file system. */
  lastError: string | undefined;
  #fd: number | undefined;
  #pending: string[] = [];
  #pendingBytes = 0;
  /** Whether the file may end within a line. */
  #torn = false;
  #unsynced = false;
  #syncedAt = 0;

  constructor(
    readonly file: string,
    private readonly options: WriterOptions,
    private readonly write: typeof writeSync = writeSync,
  ) {
    this.#open();
  }

  append(line: string): void {
    if (this.#pending.length > 0 || this.#fd === undefined) {
      this.#keep(line);
      this.#retryPending();
    } else if (!this.#writeLine(line)) this.#keep(line);
    this.#maybeSync();
  }

  /** Everything to the disk, as far as it takes it. */
  flush(): void {
    this.#retryPending();
    if (this.#fd === undefined || !this.#unsynced) return;
    try {
      fsyncSync(this.#fd);
      this.#unsynced = false;
    } catch (error) {
      this.lastError = messageOf(error);
    }
  }

  close(): void {
    this.flush();
    this.dropped += this.#pending.length;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#fd === undefined) return;
    try {
      closeSync(this.#fd);
    } catch (error) {
      this.lastError = messageOf(error);
    }
    this.#fd = undefined;
  }

  #open(): void {
    try {
      this.#fd = openSync(this.file, 'a+');
      const { size } = fstatSync(this.#fd);
      if (size > 0) {
        const last = Buffer.alloc(1);
        readSync(this.#fd, last, 0, 1, size - 1);
        this.#torn = last[0] !== 0x0a;
      }
    } catch (error) {
      this.lastError = messageOf(error);
    }
  }

  #writeLine(line: string): boolean {
    // A torn line is ended first: it becomes one unreadable line instead of spoiling the next.
    const text = this.#torn ? `\n${line}\n` : `${line}\n`;
    try {
      const written = this.write(this.#fd!, text);
      if (written < Buffer.byteLength(text)) {
        this.#torn = true;
        this.lastError = `wrote ${written} of ${Buffer.byteLength(text)} bytes`;
        return false;
      }
      this.#torn = false;
      this.#unsynced = true;
      return true;
    } catch (error) {
      this.lastError = messageOf(error);
      return false;
    }
  }

  #keep(line: string): void {
    if (this.#pendingBytes + line.length > this.options.maxPendingBytes) {
      this.dropped++;
      return;
    }
    this.#pending.push(line);
    this.#pendingBytes += line.length;
  }

  #retryPending(): void {
    if (this.#pending.length === 0) return;
    if (this.#fd === undefined) this.#open();
    if (this.#fd === undefined) return;
    let done = 0;
    while (done < this.#pending.length && this.#writeLine(this.#pending[done]!))
      this.#pendingBytes -= this.#pending[done++]!.length;
    this.#pending.splice(0, done);
  }

  #maybeSync(): void {
    const { fsyncMs } = this.options;
    if (fsyncMs === null || !this.#unsynced || this.#fd === undefined) return;
    if (fsyncMs === 0) return this.flush();
    const now = performance.now();
    if (now - this.#syncedAt < fsyncMs) return;
    this.#syncedAt = now;
    this.#unsynced = false;
    fsync(this.#fd, (error) => {
      if (error && error.code !== 'EBADF') this.lastError = error.message;
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
