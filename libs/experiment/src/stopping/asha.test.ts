import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planStatus, type SweepStore } from '../store/index.js';
import { recordStop } from '../store/stops.js';
import { bundle, fakeLauncher, fakeStore, temporaryFolder } from '../testing/fake-sweep.js';
import { createAsha } from './asha.js';
import { EvaluationLog } from './evaluation-log.js';
import { halve } from './halving.js';
import type { WorkItem } from './policy.js';

const options = { id: 'asha' as const, metric: 'eval/accuracy', mode: 'max' as const, eta: 3, rungs: [2, 4] };

/** Leaves an evaluation behind, as a paused attempt does. */
function evaluate(store: SweepStore, { trial }: WorkItem, step: number, accuracy: number, loss = 0): void {
  const folder = join(store.trialFolder(trial.hash), 'attempts', `000${step}-x`);
  mkdirSync(folder, { recursive: true });
  const event = { time: 0, type: 'eval', step, metrics: { 'eval/accuracy': accuracy, 'eval/loss': loss } };
  writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`);
}

const armsOf = (items: readonly WorkItem[]): unknown[] => [...new Set(items.map(({ trial }) => trial.axes['quality']))];

describe('halve', () => {
  const scores = fc.array(
    fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(-Infinity)), { minLength: 3, maxLength: 3 }),
    {
      minLength: 1,
      maxLength: 12,
    },
  );

  it('decides the same in whatever order scores arrive, never takes a decision back, and lets one in eta on', () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 2, max: 4 }), fc.infiniteStream(fc.nat()), (table, eta, order) => {
        const known = table.map(() => [false, false, false]);
        const whole = halve(table.length, 3, eta, (arm, rung) => table[arm]![rung]);
        let targets = table.map(() => 0);
        for (;;) {
          const partly = halve(table.length, 3, eta, (arm, rung) =>
            known[arm]![rung] ? table[arm]![rung] : undefined,
          );
          partly.targets.forEach((target, arm) => expect(target).toBeGreaterThanOrEqual(targets[arm]!));
          targets = [...partly.targets];
          // What is computed next: any arm's next rung up to its target.
          const open = targets.flatMap((target, arm) => {
            const next = known[arm]!.indexOf(false);
            return next >= 0 && next <= target ? [arm] : [];
          });
          if (open.length === 0) break;
          const arm = open[order.next().value! % open.length]!;
          known[arm]![known[arm]!.indexOf(false)] = true;
        }
        expect(targets).toEqual(whole.targets);
        const through = targets.filter((target) => target >= 1).length;
        expect(through).toBeLessThanOrEqual(table.length);
        expect(whole.stopped.length + targets.filter((target) => target === 3).length).toBe(table.length);
        targets.forEach((target, arm) => {
          for (let rung = 0; rung < target; rung++) expect(table[arm]![rung]).toBeGreaterThan(-Infinity);
        });
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});

describe('ASHA over arms', () => {
  it('reads of a growing file of events only what is new, each line once it is whole', () => {
    const file = join(temporaryFolder(), 'events.jsonl');
    const line = (step: number) =>
      `${JSON.stringify({ time: 0, type: 'eval', step, metrics: { 'eval/accuracy': step / 10 } })}\n`;
    const log = new EvaluationLog();
    expect(log.of(file)).toEqual([]);
    writeFileSync(file, line(1) + line(2).slice(0, 9));
    expect(log.of(file).map(({ step }) => step)).toEqual([1]);
    // What was read is not read again: it may be anything.
    writeFileSync(file, 'x'.repeat(line(1).length) + line(2) + line(3));
    expect(log.of(file).map(({ step }) => step)).toEqual([1, 2, 3]);
    appendFileSync(file, 'damaged\n');
    expect(() => log.of(file)).toThrow(/line 4 is damaged/);
  });

  it('gives an arm of which a seed failed the worst score, so that it does not win by the others', () => {
    const store = fakeStore({ grid: { quality: [1, 2] }, seeds: 2 });
    const [a, b, c, d] = createAsha(store, options).start();
    evaluate(store, a!, 2, 0.9);
    for (const item of [c!, d!]) evaluate(store, item, 2, 0.1);
    const failed = { formatVersion: 1, ...b!.trial, status: 'failed', error: { kind: 'error', message: 'diverged' } };
    const timing = { attempt: 'x', attempts: 1, startedAt: 0, finishedAt: 0, seconds: 0, metrics: {} };
    writeFileSync(join(store.trialFolder(b!.trial.hash), 'result.json'), JSON.stringify({ ...failed, ...timing }));
    expect(armsOf(createAsha(store, options).start())).toEqual([2]);
  });

  it('compares arms only when all their seeds have reached the rung, by the mean over seeds', () => {
    const store = fakeStore({ grid: { quality: [1, 2, 3, 4, 5, 6] }, seeds: 2 });
    const policy = createAsha(store, options);
    const first = policy.start();
    expect(first).toHaveLength(12);
    expect(first.every((item) => item.pauseAtStep === 2)).toBe(true);
    const quality = (item: WorkItem): number => Number(item.trial.axes['quality']);

    // Arm 1 has one lucky seed: no decision rests on it.
    evaluate(store, first[0]!, 2, 0.99);
    for (const item of first.slice(2, 6)) evaluate(store, item, 2, quality(item) / 10);
    expect(policy.advance(first[0]!)).toEqual([]);
    evaluate(store, first[1]!, 2, 0.01);
    const promoted = policy.advance(first[1]!);
    expect(armsOf(promoted)).toEqual([1]); // mean 0.5 of arms 0.5, 0.2, 0.3
    expect(promoted.map((item) => [item.trial.seed, item.pauseAtStep])).toEqual([
      [0, 4],
      [1, 4],
    ]);

    for (const item of first.slice(6)) evaluate(store, item, 2, quality(item) / 10);
    expect(armsOf(policy.advance(first[11]!))).toEqual([6]); // two in six go on: 0.6 and one of the 0.5
    // A restart decides the same from the store alone.
    const again = createAsha(store, options);
    expect(armsOf(again.start())).toEqual([1, 6]);

    for (const item of promoted) evaluate(store, item, 4, 0.7);
    for (const item of first.slice(10)) evaluate(store, item, 4, 0.8);
    const last = policy.advance(promoted[1]!); // fewer than eta arms at the upper rung: the best one goes on
    expect(armsOf(last)).toEqual([6]);
    expect(last.every((item) => item.pauseAtStep === undefined)).toBe(true);
    const { items, stops } = policy.drain();
    expect(items).toEqual([]);
    expect(stops.map(({ arm, step, rank, compared, score }) => ({ arm, step, rank, compared, score }))).toEqual([
      { arm: 'quality=5', step: 2, rank: 3, compared: 6, score: 0.5 },
      { arm: 'quality=4', step: 2, rank: 4, compared: 6, score: 0.4 },
      { arm: 'quality=3', step: 2, rank: 5, compared: 6, score: 0.3 },
      { arm: 'quality=2', step: 2, rank: 6, compared: 6, score: 0.2 },
      { arm: 'quality=1', step: 4, rank: 2, compared: 2, score: 0.7 },
    ]);
    expect(stops[0]!.rule).toBe('asha: at step 2 one in 3 arms goes on, by max of mean eval/accuracy over 2 seeds');
    for (const stop of stops) recordStop(store, stop);
    expect(planStatus(store).counts).toMatchObject({ stopped: 10, todo: 2 });
    const restarted = createAsha(store, options);
    expect(armsOf(restarted.start())).toEqual([6]);
  });

  it.each([
    [{}, [3], 4],
    [{ mode: 'min' as const }, [1], 4],
    [{ metric: 'eval/loss' }, [1], 4],
    [{ eta: 1.5 }, [2, 3], 4],
    [{ rungs: [2] }, [3], undefined],
  ])('goes by its options: %j lets %j on, to step %s', (over, arms, pauseAtStep) => {
    const store = fakeStore({ grid: { quality: [1, 2, 3] }, seeds: 1 });
    const policy = createAsha(store, { ...options, ...over });
    const first = policy.start();
    for (const item of first) {
      const quality = Number(item.trial.axes['quality']);
      evaluate(store, item, 2, quality / 10, 1 / quality);
    }
    const promoted = policy.advance(first[2]!);
    expect(armsOf(promoted)).toEqual(arms);
    expect(promoted.map((item) => item.pauseAtStep)).toEqual(arms.map(() => pauseAtStep));
  });

  it('runs on the local launcher: the best arm finishes, the others stop with a checkpoint at a rung', async () => {
    const store = fakeStore({
      trial: { steps: 8 },
      grid: { quality: [0.9, 0.1, 0.2, 0.3, 0.4, 0.5] },
      seeds: 2,
      stopping: options,
    });
    const run = await fakeLauncher(await bundle('fake-worker')).submit({ store });
    const summary = await run.done;
    const status = planStatus(store);
    expect(status.arms[0]!.trials.map((trial) => trial.state)).toEqual(['finished', 'finished']);
    expect(summary.finished + summary.stopped).toBe(12);
    expect(summary.stopped).toBeGreaterThanOrEqual(6);
    for (const arm of status.arms.filter((arm) => arm.stop)) {
      expect(arm.trials.map((trial) => trial.state)).toEqual(['stopped', 'stopped']);
      expect(options.rungs).toContain(arm.stop!.step);
    }
  });
});
