import { z } from 'zod';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** The code that made a result. Digests are absent where the program ran from sources. */
export const codeSchema = z.strictObject({
  framework: z.strictObject({
    version: z.string(),
    commit: z.string().optional().describe('of the build; with + where the tree had changes'),
    digest: digest.optional().describe('sha256 of all sources of the framework'),
  }),
  components: z.array(
    z.strictObject({
      kind: z.string(),
      id: z.string(),
      source: z.string().describe('package, or file of a plug-in'),
      version: z.string().optional(),
      digest: digest.optional().describe("sha256 of the source's files"),
    }),
  ),
});

export type TrialCode = z.output<typeof codeSchema>;
