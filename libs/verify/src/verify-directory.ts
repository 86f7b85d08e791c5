import { messageOf, UserError } from '@gmoe/core';
import { createEngine, type Engine, type EngineOptions } from '@gmoe/tensor';
import type { CaseKind } from './case-kind.js';
import { worstOf, type CaseReport } from './case-report.js';
import { findCases } from './find-cases.js';
import type { GoldenCase } from './golden-case.js';
import { readGoldenCase } from './golden-case.js';
import { ffnCase } from './kinds/ffn-case.js';
import { loadBalanceCase } from './kinds/load-balance-case.js';
import { lossesCase } from './kinds/losses-case.js';
import { modelCase } from './kinds/model-case.js';
import { routerCase } from './kinds/router-case.js';

/** The kinds of goldens that are known. */
export const caseKinds: readonly CaseKind[] = [routerCase, lossesCase, loadBalanceCase, ffnCase, modelCase];

/** Both engines on the cpu. */
export const DEFAULT_ENGINES: readonly EngineOptions[] = [
  { engine: 'compiled', device: 'cpu' },
  { engine: 'eager', device: 'auto' },
];

/**
 * Repeats every golden case in a folder through the product's own code, on each engine, and compares every output and gradient.
 * A case that is unknown, malformed, or that throws is reported as failed; it does not stop the others.
 *
 * @throws UserError if the folder holds no case or an engine does not work here
 */
export async function* verifyDirectory(
  folder: string,
  engines: readonly EngineOptions[] = DEFAULT_ENGINES,
): AsyncGenerator<CaseReport> {
  const names = await findCases(folder);
  const opened: Engine[] = [];
  try {
    for (const options of engines) opened.push(await createEngine(options));
    for (const name of names) {
      const started = performance.now();
      const kind = caseKinds.find(({ prefix }) => name.startsWith(prefix));
      const golden = await readGoldenCase(folder, name).catch((error: unknown) => messageOf(error));
      if (!kind || typeof golden === 'string') {
        const known = caseKinds.map(({ prefix }) => `${prefix}*`).join(', ');
        const failure = kind ? (golden as string) : `unknown case; known names: ${known}`;
        const seconds = (performance.now() - started) / 1000;
        yield { name, ...(kind ? { kind: kind.id } : {}), passed: false, checks: [], unread: [], failure, seconds };
        continue;
      }
      for (const engine of opened) yield await verifyCase(golden, kind, engine);
    }
  } finally {
    for (const engine of opened) await engine.dispose();
  }
}

async function verifyCase(golden: GoldenCase, kind: CaseKind, engine: Engine): Promise<CaseReport> {
  const started = performance.now();
  const done = () => ({
    name: golden.name,
    kind: kind.id,
    engine: engine.name,
    seconds: (performance.now() - started) / 1000,
  });
  try {
    const checks = await kind.run(golden, engine);
    if (checks.length === 0) throw new UserError(`${golden.name}.json: holds nothing to compare`);
    const worst = worstOf(checks)!;
    return { ...done(), passed: checks.every(({ passed }) => passed), checks, worst, unread: golden.unread() };
  } catch (error) {
    return { ...done(), passed: false, checks: [], unread: [], failure: messageOf(error) };
  }
}
