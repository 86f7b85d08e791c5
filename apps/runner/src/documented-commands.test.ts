import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.js';

const documents = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** The `gmoe` commands in a document's shell blocks, without comments and redirections. */
function commandsOf(text: string): string[][] {
  const blocks = [...text.matchAll(/^```(?:sh|bash|console)\n(.*?)^```/gms)].map(([, block]) => block!);
  return blocks
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/\s#\s.*$/, '').replace(/^\$\s+/, ''))
    .flatMap((line) => /^(?:\w+=\S+\s+)*(?:npx )?gmoe\s+(.*)$/.exec(line.trim())?.[1] ?? [])
    .map((line) => (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replaceAll(/^["']|["']$/g, '')))
    .map((words) =>
      words.some((word) => /^[<>|&]/.test(word))
        ? words.slice(
            0,
            words.findIndex((word) => /^[<>|&]/.test(word)),
          )
        : words,
    );
}

/** What is wrong with the words after `gmoe`; undefined if the program knows them. */
function complaint(words: readonly string[]): string | undefined {
  let command: Command = createProgram();
  const rest = [...words];
  while (command.commands.length > 0) {
    const name = rest.shift();
    if (name === undefined || name.startsWith('-')) return name === '--help' ? undefined : `no command in '${name}'`;
    const found = command.commands.find((each) => each.name() === name);
    if (!found) return `no command '${name}'`;
    command = found;
  }
  let given = 0;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    if (!word.startsWith('-')) {
      given++;
      continue;
    }
    const [flag, value] = word.split(/=(.*)/s);
    const option = command.options.find(({ long, short }) => long === flag || short === flag);
    if (!option) return `${command.name()} has no option ${flag}`;
    if (option.required && value === undefined && rest[++i] === undefined) return `${flag} lacks its value`;
  }
  const wanted = command.registeredArguments;
  const least = wanted.filter(({ required }) => required).length;
  const most = wanted.some(({ variadic }) => variadic) ? Infinity : wanted.length;
  return given < least || given > most
    ? `${command.name()} takes ${least} to ${most} arguments, not ${given}`
    : undefined;
}

describe('documented commands', () => {
  it.each(documents)('%s names commands, options and arguments that are there', (file) => {
    const found = commandsOf(readFileSync(file, 'utf8'));
    if (file === 'README.md') expect(found.length).toBeGreaterThan(3);
    expect(found.flatMap((words) => complaint(words) ?? [])).toEqual([]);
  });

  it('would notice others', () => {
    expect(commandsOf('```sh\nA=1 npx gmoe plan x.yaml --sett a=1 # why\n```\n')).toEqual([
      ['plan', 'x.yaml', '--sett', 'a=1'],
    ]);
    expect(complaint(['plan', 'x.yaml', '--sett', 'a=1'])).toBe('plan has no option --sett');
    expect(complaint(['plans', 'x.yaml'])).toBe("no command 'plans'");
    expect(complaint(['plan'])).toBe('plan takes 1 to 1 arguments, not 0');
    expect(complaint(['plan', 'x.yaml', '--set', 'a=1'])).toBeUndefined();
  });
});
