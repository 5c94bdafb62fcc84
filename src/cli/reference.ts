import type { Config } from '@oclif/core/config';
import { commandHelp, helpText } from './help.js';

const HEAD = `# Commands

This page is written from the commands themselves by \`npm run docs\`; \`pannier <command> -help\` prints the same.

Flags take one dash or two, \`-flag=value\` or \`-flag value\`; a flag without a value is turned off with
\`-flag=false\`. The last of a repeated flag counts, \`--\` ends the flags, and flags may follow arguments.

## Output

Standard output holds data and nothing else; what is being done, warnings and errors go to standard error, and
progress only where that is a terminal. \`-json\` prints the data as JSON: integers that JavaScript would round are
strings. \`-t\` prints it through a template in the manner of Go's, over the same keys as \`-json\`: fields
(\`{{.id}}\`, \`{{$.id}}\`), \`if\`, \`range\` and \`with\` with \`else\` and \`end\`, pipes, parentheses, strings,
numbers, comments, \`{{-\` and \`-}}\`, and the functions \`and\`, \`eq\`, \`index\`, \`json\`, \`len\`, \`ne\`, \`not\`,
\`or\` and \`printf\`. There are no variables.

With \`-json\` an error is one object on standard error, and standard output stays empty:

    {"error": {"code": "NOT_FOUND", "message": "…", "remedy": "…", "exitCode": 1}}

\`code\` is the gRPC status that the plugin answered, or the one that Nomad's answer comes to, or USAGE, SPEC, UNREACHABLE, AMBIGUOUS or another word of the
command's own. \`message\` is one line that says what is wrong and \`remedy\`, where there is one, what to do;
\`details\` holds more where there is more, such as the mistakes in a specification. Of \`volume validate\` the mistakes
are the data: they go to standard output.

Through Nomad, \`-json\` and \`-t\` have Nomad's own documents, with its keys: \`{{.ID}}\`, \`{{.ExternalID}}\`. What
Nomad leaves null is empty there.

Colour is used on a terminal only, and not where \`NO_COLOR\` is set.

## Through Nomad or straight to a controller

Commands that have both \`-address\` and \`-endpoint\` go one of two ways. The first of these that is there decides:

| | the command goes |
|---|---|
| \`-endpoint\` | straight to that controller |
| \`-address\` | through that Nomad |
| \`PANNIER_ENDPOINT\` | straight to that controller |
| \`NOMAD_ADDR\` | through that Nomad |
| a running \`pannier dev\` | straight to its plugin |
| none of them | through Nomad at http://127.0.0.1:4646 |

A variable that is empty is not set. \`pannier volume plan\`, and \`-plan\` of \`volume create\`, say which way it is and why.
Where a way fails, the other one is not tried. \`volume register\`, \`deregister\` and \`detach\` are for Nomad alone;
\`volume mount\`, \`unmount\`, \`undelete\`, \`move\`, \`volume trash\` and \`doctor\` for a plugin alone.

\`volume create\` and \`volume apply\` that go straight to a controller tell Nomad of the volume afterwards where
\`-address\` or \`NOMAD_ADDR\` says where Nomad is, or \`-register\` is given.

## Exit codes

| code | meaning |
|---|---|
| 0 | it worked |
| 1 | it failed |
| 2 | the command line, the specification or the configuration is wrong; nothing was done |
| 3 | no plugin answers at the endpoint, or no Nomad at the address |
| 130 | interrupted |

They are the same with \`-json\`.
`;

/** docs/reference/commands.md. */
export function commandsReference(config: Pick<Config, 'commands'>): string {
  const commands = [...config.commands].sort((a, b) => (a.id < b.id ? -1 : 1)).map(helpText);
  const list = commands.map(
    ({ name, summary }) =>
      `- [\`pannier ${name}\`](#pannier-${name.replaceAll(' ', '-')}): ${summary}`,
  );
  const sections = commands.map(
    (text) => `## pannier ${text.name}\n\n\`\`\`\n${commandHelp(text).trimEnd()}\n\`\`\`\n`,
  );
  return [HEAD, `## All commands\n\n${list.join('\n')}\n`, ...sections].join('\n');
}
