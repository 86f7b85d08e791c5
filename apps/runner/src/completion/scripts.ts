import type { CommandWords } from './words.js';

/** Completion scripts by shell, each for the words of all commands. */
export const COMPLETIONS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = { bash, zsh, fish };

/** In single quotes, as all three shells read them. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bash(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, options, choices }) => {
    const words = [...options.map(({ text }) => text), ...choices];
    const valued = options.filter(({ takesValue }) => takesValue).map(({ text }) => text);
    return `    ${name}) words=${quoted(words.join(' '))}; valued=${quoted(` ${valued.join(' ')} `)} ;;`;
  });
  return `# gmoe: eval "$(gmoe completion bash)" in ~/.bashrc
_gmoe() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words valued
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W ${quoted([...commands.map(({ name }) => name), '--help', '--version'].join(' '))} -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) return ;;
  esac
  # The value of an option, and plain arguments: files, where there are no words.
  case $valued in *" $before "*) return ;; esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _gmoe gmoe
`;
}

function zsh(commands: readonly CommandWords[]): string {
  // Colons part a word from what is said of it; brackets enclose that of options.
  const plain = (text: string): string => text.replace(/[[\]:]/g, ' ');
  const cases = commands.map(({ name, options, choices }) => {
    const specs = options.map(({ text, description, takesValue }) =>
      quoted(`*${text}[${plain(description)}]${takesValue ? ':value:_files' : ''}`),
    );
    const rest = choices.length > 0 ? `1:word:(${choices.join(' ')})` : '*:file:_files';
    return `    ${name}) _arguments ${specs.join(' ')} ${quoted(rest)} ;;`;
  });
  return `#compdef gmoe
# gmoe: eval "$(gmoe completion zsh)" in ~/.zshrc, after compinit
_gmoe() {
  local -a commands=(${commands.map(({ name, description }) => quoted(`${name}:${plain(description)}`)).join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _gmoe gmoe
`;
}

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, options, choices }) => {
    const within = `complete -c gmoe -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c gmoe -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
      ...options.map(
        ({ text, description: what, takesValue }) =>
          `${within} -l ${text.replace(/^--/, '')}${takesValue ? ' -r' : ''} -d ${quoted(what)}`,
      ),
      ...(choices.length > 0 ? [`${within} -f -a ${quoted(choices.join(' '))}`] : []),
    ];
  });
  return `# gmoe: gmoe completion fish > ~/.config/fish/completions/gmoe.fish\n${lines.join('\n')}\n`;
}
