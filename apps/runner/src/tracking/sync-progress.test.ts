import type { RunReport } from '@gmoe/spool';
import { expect, it } from 'vitest';
import { SyncProgress } from './sync-progress.js';

it('names a run by its name, and one whose journal does not say by the journal', () => {
  const report = (changes: Partial<RunReport>): RunReport => ({
    id: '',
    name: '',
    journal: 'spool/torn.jsonl',
    state: 'unreadable',
    error: 'no line says what the run is',
    pendingBytes: 0,
    deadLetters: 0,
    ...changes,
  });
  const runs = [report({}), report({ id: 'a1', name: 'graph, seed 0', state: 'pending', error: 'HTTP 503' })];
  let text = '';
  const out = { write: (each: string) => (text += each) };
  new SyncProgress('spool', out, out).end({ server: 'http://mlflow', runs } as never);
  expect(text.split('\n').slice(1)).toEqual([
    'unreadable: spool/torn.jsonl: no line says what the run is',
    'pending: graph, seed 0: HTTP 503',
    '',
  ]);
});
