import type { Command } from 'commander';

/** What may be written at one place of the command line. */
export interface Word {
  readonly text: string;
  readonly description: string;
  /** Whether another word follows that is its value. */
  readonly takesValue: boolean;
}

/** A command and what may follow it. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Word[];
  /** Words that may stand as its first argument, e.g. the kinds of `gmoe schema`; else it takes files. */
  readonly choices: readonly string[];
}

/** Words of all commands. They are read off the program as it is, so that completions need no start of it. */
export function programWords(program: Command): CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: oneLine(command.description()),
    options: [
      ...command.options.map(({ long, short, description, required, optional }) => ({
        text: (long ?? short)!,
        description: oneLine(description),
        takesValue: required || optional,
      })),
      { text: '--help', description: 'print the options of the command', takesValue: false },
    ],
    choices: command.registeredArguments[0]?.argChoices ?? [],
  }));
}

const oneLine = (text: string): string => text.split('\n')[0]!.replace(/\s+/g, ' ');
