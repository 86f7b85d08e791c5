/** What stands where a secret stood. */
const HIDDEN = '***';

/** Names of environment variables whose values are nobody's business. */
const SECRET_NAME = /(TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)/i;
/** Names of variables that hold addresses, perhaps with a password. */
const ADDRESS_NAME = /(URI|URL|ENDPOINT|PROXY)$/i;
/** Shorter values are words that stand elsewhere too. */
const SHORTEST = 6;

/** scheme://user@ */
const USER = /\b([a-z][a-z0-9+.-]{0,20}:\/{1,3})[^\s/@'":]+@/gi;
/** What stands after a host's colon where it is a port. */
const NO_PORT = String.raw`(?!\d{1,5}(?:[/\s,;)'"?#]|$))`;
/** scheme://user:password@, up to the last @ */
const PASSWORD = new RegExp(String.raw`\b([a-z][a-z0-9+.-]{0,20}:\/{1,3})[^\s/@'":]*:${NO_PORT}[^\s'"]*@`, 'gi');
const PASSWORD_WITH_SPACES = new RegExp(
  String.raw`\b([a-z][a-z0-9+.-]{0,20}:\/{1,3})[^\s/@'":]*:${NO_PORT}[^\n@]{0,200}@`,
  'gi',
);
const QUERY =
  /([?&;][\w.-]{0,40}(?:token|password|passwd|secret|key|signature|sig|auth|credential)[\w.-]{0,40}=)[^\s&#'"]+/gi;
const AUTHORIZATION = /\b(bearer|basic)(\s+)[\w.~+/=-]{6,}/gi;
const KNOWN_TOKENS = /\b(hf_|ghp_|gho_|github_pat_|glpat-|sk-|AKIA)[A-Za-z0-9_-]{10,}/g;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Takes secrets out of a text for people, logs, params and tags: user and password of addresses, tokens in their queries,
 * authorization headers, and the values that the environment keeps under names like `MLFLOW_TRACKING_TOKEN`.
 *
 * It works on what is written, not on what is parsed: a wrong address (a bad port, a space) must not leak its password.
 */
export function redact(text: string, env: Environment = process.env): string {
  let out = text;
  for (const secret of secretsOf(env)) out = out.replaceAll(secret, HIDDEN);
  return out
    .replace(USER, `$1${HIDDEN}@`)
    .replace(PASSWORD, `$1${HIDDEN}@`)
    .replace(PASSWORD_WITH_SPACES, `$1${HIDDEN}@`)
    .replace(QUERY, `$1${HIDDEN}`)
    .replace(AUTHORIZATION, `$1$2${HIDDEN}`)
    .replace(KNOWN_TOKENS, `$1${HIDDEN}`);
}

let last: { readonly env: Environment; readonly at: number; readonly secrets: readonly string[] } | undefined;
/** The environment changes seldom, and messages come in thousands, ms. */
const REMEMBERED_MS = 1000;

function secretsOf(env: Environment): readonly string[] {
  const now = performance.now();
  if (last?.env === env && now - last.at < REMEMBERED_MS) return last.secrets;
  last = { env, at: now, secrets: findSecrets(env) };
  return last.secrets;
}

/** Longest first, so that a secret within another one does not leave its ends. */
function findSecrets(env: Environment): string[] {
  const values = new Set<string>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (SECRET_NAME.test(name)) {
      for (const part of [value, value.trim(), ...value.split(/\s+/)]) if (part.length >= SHORTEST) values.add(part);
    } else if (ADDRESS_NAME.test(name) || value.includes('://')) {
      const password = /^(?:\s*[a-z]+:\/{1,3})?[^:/@\s]*:(.+)@[^@]*$/is.exec(value)?.[1];
      if (password !== undefined && password.length >= SHORTEST) values.add(password);
    }
  }
  return [...values].sort((a, b) => b.length - a.length);
}
