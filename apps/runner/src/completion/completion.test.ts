import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createProgram } from '../program.js';
import { gmoeHere } from '../testing/run-gmoe.js';

const folder = mkdtempSync(join(tmpdir(), 'gmoe-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

describe('gmoe completion', () => {
  it('completes commands, options and words in bash', async () => {
    const { stdout, code } = await gmoeHere(['completion', 'bash']);
    expect(code).toBe(0);
    const script = join(folder, 'gmoe.bash');
    writeFileSync(script, stdout);
    /** What bash offers for the last of these words. */
    const offered = (...words: string[]): string[] => {
      const set = `COMP_WORDS=(gmoe ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
      const run = spawnSync('bash', ['-c', `source ${script}; ${set}; _gmoe; printf '%s\\n' "\${COMPREPLY[@]}"`], {
        encoding: 'utf8',
      });
      expect(run.stderr).toBe('');
      return run.stdout.trim().split('\n').filter(Boolean);
    };
    expect(offered('sw')).toEqual(['sweep']);
    expect(offered('').filter((word) => !word.startsWith('--'))).toEqual(
      createProgram().commands.map((each) => each.name()),
    );
    expect(offered('sweep', '--re')).toEqual(['--retry-failed', '--rerun']);
    expect(offered('completion', 'z')).toEqual(['zsh']);
    // Behind an option with a value: files, which bash finds by itself.
    expect(offered('sweep', '--out', '')).toEqual([]);
  });

  it.each(['bash', 'zsh', 'fish'])('%s reads its script, which names every option', async (shell) => {
    const { stdout } = await gmoeHere(['completion', shell]);
    const longs = createProgram().commands.flatMap(({ options }) =>
      options.map(({ long }) => long!.replace(/^--/, '')),
    );
    for (const long of longs) expect(stdout).toContain(long);
    if (!has(shell)) return;
    const { status, stderr } = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('refuses other shells in one line', async () => {
    const { code, stderr } = await gmoeHere(['completion', 'tcsh']);
    expect(stderr).toContain('Allowed choices are bash, zsh, fish');
    expect(code).toBe(2);
  });
});
