import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { guardStream, safeOutput } from './streams.js';

it('lets colours and the redrawing of a table pass, and shows what else would steer the terminal', () => {
  const table = '\u001b[?25l\u001b[36mbar\u001b[39m\u001b[2K\u001b[1A\u001b[G\r';
  expect(safeOutput(table)).toBe(table);
  const name = 'arm\u001b]0;owned\u0007\u001b[6n\u009b31m\u202etxt';
  expect(safeOutput(`${name} \u001b[1mx\u001b[22m\n`)).toBe(
    'arm\\u001b]0;owned\\u0007\\u001b[6n\\u009b31m\\u202etxt \u001b[1mx\u001b[22m\n',
  );
});

it.each([
  ['EPIPE', true, 0],
  ['EPIPE', false, 1],
  ['ENOSPC', false, 0],
])('after %s, working on: %s', (code, worksOn, exits) => {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  let exited = 0;
  guardStream(stream, { worksOn, exit: () => exited++ });
  stream.write('a');
  stream.emit('error', Object.assign(new Error('gone'), { code }));
  expect(stream.write('b')).toBe(true);
  expect(String((stream as unknown as PassThrough).read())).toBe('a');
  expect(exited).toBe(exits);
});
