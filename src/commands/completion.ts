import type { Command } from 'commander';

/** One command of the program, with the words that lead to it. */
interface Named {
  readonly words: readonly string[];
  readonly command: Command;
}

const everyCommand = (command: Command, words: readonly string[] = []): Named[] => [
  { words, command },
  ...command.commands.flatMap((child) => everyCommand(child, [...words, child.name()])),
];

/** The words of all commands on one tenant, such as `ops status`: what a tenant may call. */
export const tenantCommands = (program: Command): string[] =>
  everyCommand(program)
    .filter(({ command }) => command.options.some(({ long }) => long === '--tenant'))
    .map(({ words }) => words.join(' '));

const choicesOf = ({ command }: Named): string[] => [
  ...command.commands.map((child) => child.name()),
  ...command.options.flatMap(({ long }) => long ?? []),
  '--help',
];

/** A completion for bash that knows all commands and options without asking anybody. */
export function bashCompletion(program: Command): string {
  const cases = everyCommand(program).map(
    (named) => `    '${['aiplat', ...named.words].join(' ')}') words='${choicesOf(named).join(' ')}' ;;`,
  );
  const known = everyCommand(program).map(({ words }) => `'${['aiplat', ...words].join(' ')}'`);
  return `# Written by \`aiplat host init\`: completion of bash for aiplat.
_aiplat() {
  local word=\${COMP_WORDS[COMP_CWORD]} at=aiplat words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
    ${known.join(' | ')}) at+=" \${COMP_WORDS[i]}" ;;
    esac
  done
  case $at in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _aiplat aiplat
`;
}
