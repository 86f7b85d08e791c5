import { HttpError, type MlflowError } from 'mlflow-js-client';

/** Why a pass left something out. */
export interface PassFailure {
  readonly message: string;
  /** False for a server that answers but wrongly: bad credentials, no MLflow. */
  readonly transient: boolean;
  /** Whether there was an answer at all. */
  readonly answered: boolean;
  /** How long the server wants to be left alone, milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Why one run's upload failed. */
export interface RunFailure extends PassFailure {
  /** Whether it would be the same for every other run. */
  readonly endsPass: boolean;
}

const LONGEST_WAIT_MS = 300_000;

export function serverFailure(error: MlflowError): RunFailure {
  const http = error instanceof HttpError ? error : undefined;
  return {
    message: error.message,
    transient: error.transient,
    answered: error.kind !== 'connection',
    retryAfterMs: http?.retryAfterMs === undefined ? undefined : Math.min(http.retryAfterMs, LONGEST_WAIT_MS),
    // 403 without a code: the server's host check or something in front of it.
    endsPass:
      ['connection', 'timeout', 'answer'].includes(error.kind) ||
      http?.status === 401 ||
      http?.status === 429 ||
      (http?.status === 403 && http.errorCode === undefined),
  };
}

/** The disk refuses what the upload wants to remember. */
export function localFailure(error: unknown): RunFailure {
  const message = `the spool's own files: ${error instanceof Error ? error.message : String(error)}`;
  return { message, transient: false, answered: true, endsPass: false };
}
