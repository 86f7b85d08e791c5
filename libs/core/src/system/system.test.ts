import { describe, expect, it } from 'vitest';
import { errnoName, isAlive, isOwn, ownIdentity, redact, systemFailure, terminalText } from '../index.js';

/** An error as Node makes it for a number that it has no name for. */
const unnamed = (errno: number): Error =>
  Object.assign(new Error(`Unknown system error -${errno}`), {
    errno: -errno,
    code: `Unknown system error -${errno}`,
    syscall: 'write',
  });

describe('systemFailure', () => {
  it('knows errors by number where Node has no name for them', () => {
    // Linux's numbers.
    expect(errnoName(unnamed(122))).toBe('EDQUOT');
    expect(errnoName(unnamed(116))).toBe('ESTALE');
    expect(systemFailure(unnamed(122))).toMatchObject({ name: 'EDQUOT', blame: 'full' });
    expect(systemFailure(unnamed(116))).toMatchObject({ name: 'ESTALE', blame: 'machine' });
  });

  it('finds the system at the bottom of a chain of causes, and nothing where there is none', () => {
    const wrapped = new Error('the trial failed', { cause: new Error('read', { cause: unnamed(5) }) });
    expect(systemFailure(wrapped)).toMatchObject({ name: 'EIO', blame: 'machine' });
    expect(systemFailure(new TypeError('shapes do not fit'))).toBeUndefined();
    const circle = new Error('a');
    circle.cause = circle;
    expect(systemFailure(circle)).toBeUndefined();
  });
});

describe('process identity', () => {
  it('knows itself, the dead and the foreign', () => {
    const own = ownIdentity();
    expect([isOwn(own), isAlive(own)]).toEqual([true, true]);
    expect(isAlive({ ...own, started: '1' })).toBe(false);
    expect(isAlive({ ...own, host: 'elsewhere' })).toBeUndefined();
  });
});

describe('redact', () => {
  const secret = 's3cr3t-p4ss';
  it.each([
    [`http://user:${secret}@host:5000/x`, 'http://***@host:5000/x'],
    [`htp://user:${secret}@host`, 'htp://***@host'],
    [`got "http://user:${secret}@host:99999x"`, 'got "http://***@host:99999x"'],
    [`http://user:${secret} word@host/`, 'http://***@host/'],
    [`https://user:p@${secret}/@host/repo.git`, 'https://***@host/repo.git'],
    [`https://${secret}@github.com/a/b`, 'https://***@github.com/a/b'],
    [`https://h/a.git?token=${secret}&x=1`, 'https://h/a.git?token=***&x=1'],
    [`https://h/a?X-Amz-Signature=${secret}`, 'https://h/a?X-Amz-Signature=***'],
    [`authorization: Bearer ${secret}`, 'authorization: Bearer ***'],
    ['hf_abcdefghijklmnopqrs is refused', 'hf_*** is refused'],
    ['http://host:5000/path and a@b.c', 'http://host:5000/path and a@b.c'],
    ['nothing to hide: 12:30, a@b', 'nothing to hide: 12:30, a@b'],
  ])('%s', (text, expected) => {
    expect(redact(text, {})).toBe(expected);
  });

  it('hides what the environment keeps under telling names, and passwords of its addresses', () => {
    const env = { HF_TOKEN: `${secret}\nnext-line`, MLFLOW_TRACKING_URI: 'u:pa ss@word@host', PATH: '/usr/bin' };
    expect(redact(`bad header ${secret}`, env)).toBe('bad header ***');
    expect(redact("got 'u:pa ss@word@host' in /usr/bin", env)).toBe("got 'u:***@host' in /usr/bin");
  });
});

describe('terminalText', () => {
  it('shows control characters instead of sending them', () => {
    expect(terminalText('\u001b]0;gone\u0007 a\tb\nc\r\u009b2J\u202ex')).toBe(
      '\\u001b]0;gone\\u0007 a\tb\nc \\u009b2J\\u202ex',
    );
  });
});
