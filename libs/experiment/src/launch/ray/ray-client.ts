import { setTimeout as delay } from 'node:timers/promises';
import { errnoName, messageOf, plainRequest, redact, UserError } from '@gmoe/core';
import { z } from 'zod';
import { NoAnswer } from '../store-watch.js';

/** State of a job: PENDING, RUNNING, STOPPED, SUCCEEDED or FAILED. */
const jobSchema = z.object({
  status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  message: z.string().nullish(),
  driver_exit_code: z.number().nullish(),
});

export type RayJob = z.output<typeof jobSchema>;

/** What a job is submitted with; names are those of Ray's job API. */
export interface RayJobRequest {
  readonly entrypoint: string;
  readonly submission_id: string;
  readonly entrypoint_num_cpus: number;
  readonly entrypoint_num_gpus?: number;
  readonly entrypoint_memory?: number;
  readonly entrypoint_resources?: Readonly<Record<string, number>>;
  readonly runtime_env: { readonly env_vars: Readonly<Record<string, string>> };
  readonly metadata: Readonly<Record<string, string>>;
}

/** Ray does not answer, or not as a job server: what was submitted may go on. */
export class RayUnreachable extends NoAnswer {}

const TIMEOUT_MS = 30_000;
/** How long a cluster that starts may refuse jobs. */
const STARTING_MS = 60_000;
const RETRY_MS = 1000;
/** Answers beyond this are no answers of a job server, bytes. */
const LARGEST_ANSWER = 64 * 2 ** 20;

/**
 * Ray's job API (HTTP and JSON; docs.ray.io, "Ray Jobs REST API"). A token in RAY_AUTH_TOKEN goes to this server only:
 * redirects are not followed.
 */
export class RayClient {
  constructor(
    readonly address: string,
    private readonly token = process.env['RAY_AUTH_TOKEN'],
  ) {}

  /** @throws UserError if there is no Ray at the address. */
  async version(): Promise<string> {
    const { status, text } = await this.call('GET', '/api/version');
    const version = z.object({ ray_version: z.string() }).safeParse(parse(text));
    if (status !== 200 || !version.success) {
      throw new UserError(`launcher.address: no Ray job server answers there (got ${this.shown}, HTTP ${status})`);
    }
    return version.data.ray_version;
  }

  /**
   * Submits a job under its own id. One that Ray has under this id already counts as submitted; while a cluster starts it has no
   * agent to take jobs and says so with HTTP 500, which is waited out.
   */
  async submit(request: RayJobRequest): Promise<void> {
    const begun = performance.now();
    for (;;) {
      const { status, text } = await this.call('POST', '/api/jobs/', request);
      if (status === 200 || (await this.job(request.submission_id)) !== undefined) return;
      if (status < 500 || performance.now() - begun > STARTING_MS) {
        throw new UserError(`ray: the job was refused (HTTP ${status}): ${lastLine(text)}`);
      }
      await delay(RETRY_MS);
    }
  }

  /** Undefined where Ray does not know it (any more). */
  async job(id: string): Promise<RayJob | undefined> {
    const { status, text } = await this.call('GET', `/api/jobs/${encodeURIComponent(id)}`);
    if (status === 404) return undefined;
    const job = jobSchema.safeParse(parse(text));
    if (status !== 200 || !job.success) throw new RayUnreachable(`ray: HTTP ${status}: ${lastLine(text)}`);
    return job.data;
  }

  /**
   * The last line beginning with `gmoe: ` that a job wrote; undefined where Ray cannot say (its node is gone). Ray puts lines of its
   * own into the same file, the job's command among them, before and after.
   */
  async ownWords(id: string): Promise<string | undefined> {
    try {
      const { status, text } = await this.call('GET', `/api/jobs/${encodeURIComponent(id)}/logs`);
      const logs = z.object({ logs: z.string() }).safeParse(parse(text));
      if (status !== 200 || !logs.success) return undefined;
      return logs.data.logs.split('\n').findLast((line) => line.startsWith('gmoe: '));
    } catch {
      return undefined;
    }
  }

  /** SIGTERM, and SIGKILL some seconds later (RAY_JOB_STOP_WAIT_TIME_S of the cluster, by default 3 s). */
  async stop(id: string): Promise<void> {
    await this.call('POST', `/api/jobs/${encodeURIComponent(id)}/stop`);
  }

  private get shown(): string {
    return redact(this.address);
  }

  private async call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; text: string }> {
    let answer: { status: number; text: string };
    try {
      answer = await plainRequest(this.address.replace(/\/+$/, '') + path, {
        method,
        timeoutMs: TIMEOUT_MS,
        largestAnswer: LARGEST_ANSWER,
        headers: {
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new RayUnreachable(`ray: no answer from ${this.shown} (${errnoName(error) ?? redact(messageOf(error))})`);
    }
    if (answer.status === 401 || answer.status === 403) {
      const told = this.token === undefined ? 'set RAY_AUTH_TOKEN' : 'the token in RAY_AUTH_TOKEN is not taken';
      throw new UserError(`ray: ${this.shown} wants a token: ${told} (HTTP ${answer.status})`);
    }
    return answer;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ray answers faults with a Python traceback: what matters is its last line. */
function lastLine(text: string): string {
  return redact(text.trimEnd().split('\n').at(-1)?.trim().slice(0, 300) ?? '');
}
