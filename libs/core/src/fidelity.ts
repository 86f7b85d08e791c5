import type { Json } from './canonical-json.js';

/** Whose method is meant where they differ: the paper's equations, or the authors' published code. */
export const FIDELITIES = ['paper', 'reference'] as const;
export type Fidelity = (typeof FIDELITIES)[number];

/** Option values that a fidelity lays over the defaults of a schema. */
export type FidelityOptions = Readonly<Partial<Record<Fidelity, Readonly<Record<string, Json>>>>>;
