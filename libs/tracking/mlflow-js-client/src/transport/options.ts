import { z } from 'zod';

const auth = z.union([
  z.strictObject({ username: z.string(), password: z.string() }),
  z.strictObject({ token: z.string().min(1) }),
]);

/** Options of a client; every one has a default but the address. */
export const clientOptions = z.strictObject({
  trackingUri: z
    .string()
    .regex(/^https?:\/\/./, 'must be the http:// or https:// address of an MLflow server')
    .refine((value) => URL.canParse(value), 'must be a valid URL')
    .describe('Address of the MLflow server; may hold user:password@ and a path prefix.'),
  auth: auth.nullable().default(null).describe('Basic (username, password) or bearer (token) authentication.'),
  tls: z
    .strictObject({
      rejectUnauthorized: z.boolean().default(true).describe('Whether the server must show a trusted certificate.'),
      caFile: z.string().optional().describe("PEM file of the authority that signed the server's certificate."),
      certFile: z.string().optional().describe('PEM file of the client certificate.'),
      keyFile: z.string().optional().describe('PEM file of its key; by default the key is read from certFile.'),
    })
    .nullable()
    .default(null)
    .describe('TLS beyond what Node trusts by itself.'),
  timeoutMs: z.int().min(1).default(120_000).describe('Time one attempt may take, milliseconds.'),
  uploadTimeoutMs: z
    .int()
    .min(1)
    .default(1_800_000)
    .describe('The longest for artifacts (uploads: timeoutMs and 20 s a MB, if that is less), milliseconds.'),
  retry: z
    .strictObject({
      retries: z.int().min(0).default(7).describe('Attempts after the first on 408, 429, 5xx and failed connections.'),
      initialDelayMs: z
        .int()
        .min(0)
        .default(500)
        .describe('Wait before the first retry, milliseconds; doubles each time.'),
      maxDelayMs: z.int().min(0).default(60_000).describe('Longest wait, milliseconds.'),
      maxRetryAfterMs: z
        .int()
        .min(0)
        .default(300_000)
        .describe("Longest wait that a server's Retry-After may ask for, milliseconds."),
      jitter: z.number().min(0).max(1).default(0.5).describe('Share of each wait that is random.'),
    })
    .prefault({}),
  multipart: z
    .strictObject({
      thresholdBytes: z
        .int()
        .min(1)
        .default(100_000_000)
        .describe('Artifacts from this size on are sent in parts where the server can.'),
      partBytes: z.int().min(1).default(10_485_760).describe('Size of a part; object stores want 5 MiB or more.'),
    })
    .prefault({}),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers for every request to the server.'),
});

export type ClientOptions = z.input<typeof clientOptions>;
export type ResolvedClientOptions = z.output<typeof clientOptions>;
