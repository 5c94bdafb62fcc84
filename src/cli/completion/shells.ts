import { commandLine } from '../../inspect/command-line.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What makes a shell ask `program` for completions of `pannier`. */
export function completionScript(shell: Shell, program: readonly string[]): string {
  const command = commandLine(...program);
  switch (shell) {
    case 'bash':
      return `complete -o default -C ${commandLine(command)} pannier\n`;
    case 'zsh':
      return [
        'type compdef >/dev/null 2>&1 || { autoload -Uz compinit && compinit; }',
        'autoload -U +X bashcompinit && bashcompinit',
        `complete -o default -C ${commandLine(command)} pannier`,
        '',
      ].join('\n');
    case 'fish':
      return [
        'function __complete_pannier',
        '    set -l current (commandline -ct)',
        '    set -lx COMP_LINE (commandline -cp)',
        '    test -z "$current"; and not string match -q "* " -- "$COMP_LINE"; and set COMP_LINE "$COMP_LINE "',
        `    set -l found (${command})`,
        '    if test (count $found) -eq 0',
        '        __fish_complete_path $current',
        '    else',
        "        printf '%s\\n' $found",
        '    end',
        'end',
        "complete -f -c pannier -a '(__complete_pannier)'",
        '',
      ].join('\n');
  }
}
