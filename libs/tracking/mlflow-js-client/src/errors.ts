/** Anything this client throws on purpose. */
export abstract class MlflowError extends Error {
  abstract readonly kind: 'request' | 'connection' | 'timeout' | 'http' | 'answer' | 'unsupported';
  /** Whether the same call may succeed later. */
  abstract readonly transient: boolean;
}

/** The call's arguments break a rule of MLflow; nothing was sent. */
export class InvalidRequestError extends MlflowError {
  override readonly name = 'InvalidRequestError';
  readonly kind = 'request';
  readonly transient = false;

  constructor(
    message: string,
    /** Every rule that was broken, e.g. `metrics.3.step: expected int`. */
    readonly problems: readonly string[] = [message],
  ) {
    super(message);
  }
}

/** No answer: refused, reset, unknown host, TLS failure. */
export class ConnectionError extends MlflowError {
  override readonly name = 'ConnectionError';
  readonly kind = 'connection';
  readonly transient = true;
}

/** No complete answer within the time allowed. */
export class TimeoutError extends MlflowError {
  override readonly name = 'TimeoutError';
  readonly kind = 'timeout';
  readonly transient = true;
}

/** The server answered with an error status. */
export class HttpError extends MlflowError {
  override readonly name = 'HttpError';
  readonly kind = 'http';

  constructor(
    message: string,
    readonly status: number,
    /** MLflow's own code, e.g. `RESOURCE_DOES_NOT_EXIST`; undefined if the body is no MLflow error. */
    readonly errorCode: string | undefined,
    readonly transient: boolean,
    /** What the server asked for in `Retry-After`, milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }

  /**
   * The server looked for a row, found none, and met another request's when it wrote its own (400 with the database's words,
   * seen with MLflow 3.17 on sqlite). The same call, made again, finds that row.
   */
  get lostRace(): boolean {
    return this.status === 400 && /UNIQUE constraint failed|duplicate key value|Duplicate entry/.test(this.message);
  }

  /** 404, 405 or 501 without the tracking store having spoken: a server of another version, or no MLflow server. */
  get endpointMissing(): boolean {
    if (this.status === 404 || this.status === 405)
      return this.errorCode === undefined || this.errorCode === 'ENDPOINT_NOT_FOUND';
    return this.status === 501;
  }
}

/** The server answered 2xx with a body of an unexpected shape: another kind or version of server. */
export class UnexpectedAnswerError extends MlflowError {
  override readonly name = 'UnexpectedAnswerError';
  readonly kind = 'answer';
  readonly transient = false;

  constructor(
    message: string,
    readonly problems: readonly string[] = [message],
  ) {
    super(message);
  }
}

/** The server keeps something where this client cannot reach it, e.g. artifacts outside its proxy. */
export class UnsupportedError extends MlflowError {
  override readonly name = 'UnsupportedError';
  readonly kind = 'unsupported';
  readonly transient = false;
}
