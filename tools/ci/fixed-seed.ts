/**
 * Property tests draw the same cases at every run, so that a green tree stays green; `GMOE_FUZZ_SEED=random` draws new
 * ones, `GMOE_FUZZ_SEED=N` those of seed N.
 */
import fc from 'fast-check';

const asked = process.env.GMOE_FUZZ_SEED;
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked ?? 20_241_216) });
