import { readFileSync } from 'node:fs';
import { proxyFetch, proxyVariable, redact, UserError, type TlsSettings } from '@gmoe/core';
import { InvalidRequestError, MlflowClient, optionsFromEnvironment, type ClientOptions } from 'mlflow-js-client';

/** Where each option comes from. */
const VARIABLES: readonly (readonly [option: RegExp, variable: string])[] = [
  [/^trackingUri/, 'MLFLOW_TRACKING_URI'],
  [/^auth/, 'MLFLOW_TRACKING_TOKEN'],
  [/^timeoutMs/, 'MLFLOW_HTTP_REQUEST_TIMEOUT'],
  [/^retry\.retries/, 'MLFLOW_HTTP_REQUEST_MAX_RETRIES'],
  [/^retry\.initialDelayMs/, 'MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR'],
];

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
  const { trackingUri } = options;
  if (!/^https?:\/\//.test(trackingUri)) throw new UserError(redact(noServer(trackingUri), env));
  try {
    return new MlflowClient(
      {
        timeoutMs: 30_000,
        ...options,
        retry: { retries: 3, maxDelayMs: 5000, ...options.retry },
      },
      proxyVariable(trackingUri, env) === undefined ? undefined : proxyFetch(env, tlsOf(options)),
    );
  } catch (error) {
    const cause = error as Error;
    const problem = error instanceof InvalidRequestError ? error.problems[0]! : undefined;
    const variable = VARIABLES.find(([option]) => problem !== undefined && option.test(problem))?.[1];
    // What is left are the files of certificates.
    if (variable === undefined)
      throw new UserError(`MLFLOW_TRACKING_SERVER_CERT_PATH, _CLIENT_CERT_PATH: ${cause.message}`, { cause });
    throw new UserError(
      redact(`${variable}: ${problem!.replace(/^[\w.]+: /, '')} (got '${env[variable] ?? ''}')`, env),
      {
        cause,
      },
    );
  }
}

/** The client's own certificates, for a proxy's connections too. */
function tlsOf({ tls }: ClientOptions): TlsSettings | undefined {
  if (!tls) return undefined;
  const { rejectUnauthorized = true, caFile, certFile, keyFile } = tls;
  return {
    rejectUnauthorized,
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile), key: readFileSync(keyFile ?? certFile) }),
  };
}

function noServer(uri: string): string {
  const what = `MLFLOW_TRACKING_URI: must be the http:// or https:// address of an MLflow server (got '${uri}')`;
  if (/^databricks/.test(uri)) return `${what}; Databricks' own tracking is not supported`;
  if (/^[\w.-]+(:\d+)?$/.test(uri) && uri.includes(':')) return `${what}; did you mean http://${uri}?`;
  return `${what}; to write there, start a server on it: mlflow server --backend-store-uri ${uri}`;
}
