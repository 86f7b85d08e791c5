import type { ClientOptions } from './options.js';

/**
 * Client options from the variables that MLflow's own client reads: `MLFLOW_TRACKING_URI`, `_USERNAME` and `_PASSWORD`
 * (basic, which wins), `_TOKEN` (bearer), `_INSECURE_TLS`, `_SERVER_CERT_PATH`, `_CLIENT_CERT_PATH`, and
 * `MLFLOW_HTTP_REQUEST_TIMEOUT` (seconds), `_MAX_RETRIES`, `_BACKOFF_FACTOR` (seconds).
 *
 * @returns undefined if no `MLFLOW_TRACKING_URI` is set
 */
export function optionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ClientOptions | undefined {
  const trackingUri = env['MLFLOW_TRACKING_URI']?.trim();
  if (!trackingUri) return undefined;
  const username = env['MLFLOW_TRACKING_USERNAME'];
  const password = env['MLFLOW_TRACKING_PASSWORD'];
  const token = env['MLFLOW_TRACKING_TOKEN'];
  const insecure = /^(true|1)$/i.test(env['MLFLOW_TRACKING_INSECURE_TLS'] ?? '');
  const caFile = env['MLFLOW_TRACKING_SERVER_CERT_PATH'];
  const certFile = env['MLFLOW_TRACKING_CLIENT_CERT_PATH'];
  const timeoutSeconds = number(env['MLFLOW_HTTP_REQUEST_TIMEOUT']);
  const retries = number(env['MLFLOW_HTTP_REQUEST_MAX_RETRIES']);
  const backoffSeconds = number(env['MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR']);
  const retry = {
    ...(retries !== undefined && { retries }),
    ...(backoffSeconds !== undefined && { initialDelayMs: Math.round(backoffSeconds * 1000) }),
  };
  return {
    trackingUri,
    ...(username && password ? { auth: { username, password } } : token ? { auth: { token } } : {}),
    ...((insecure || caFile || certFile) && {
      tls: { ...(insecure && { rejectUnauthorized: false }), ...(caFile && { caFile }), ...(certFile && { certFile }) },
    }),
    ...(timeoutSeconds !== undefined && { timeoutMs: Math.round(timeoutSeconds * 1000) }),
    ...(Object.keys(retry).length > 0 && { retry }),
  };
}

function number(value: string | undefined): number | undefined {
  return value === undefined || value.trim() === '' ? undefined : Number(value);
}
