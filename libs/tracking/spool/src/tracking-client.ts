import { UserError } from '@gmoe/core';
import { MlflowClient, MlflowError, optionsFromEnvironment } from 'mlflow-js-client';

/**
 * The client for `MLFLOW_TRACKING_URI` and its companions, with few retries of its own, since spools are uploaded
 * again anyway.
 *
 * @returns undefined if the variable is not set
 * @throws UserError if it names no http server, or another of the variables is wrong
 */
export function trackingClient(
  env: Readonly<Record<string, string | undefined>> = process.env,
): MlflowClient | undefined {
  const options = optionsFromEnvironment(env);
  if (!options) return undefined;
  try {
    return new MlflowClient({
      timeoutMs: 30_000,
      ...options,
      retry: { retries: 3, maxDelayMs: 5000, ...options.retry },
    });
  } catch (error) {
    if (error instanceof MlflowError)
      throw new UserError(`MLFLOW_TRACKING_URI '${env['MLFLOW_TRACKING_URI']}': ${error.message}`, { cause: error });
    throw new UserError(`MLflow: ${(error as Error).message}`, { cause: error });
  }
}
