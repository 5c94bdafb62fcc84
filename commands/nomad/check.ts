import { keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { CommandError, EXIT, failureOf } from '../../src/cli/errors.js';
import { outputFlags } from '../../src/cli/flags.js';
import { nomadFlags } from '../../src/cli/nomad/flags.js';
import { openNomad } from '../../src/cli/nomad/open.js';
import type { Finding } from '../../src/nomad/check/finding.js';

export default class NomadCheck extends PannierCommand {
  static override summary = 'Say what of volumes would not work in a Nomad, and why';
  static override description =
    'Reads a cluster through Nomad: its servers and clients with their drivers, plugins and how healthy they are, jobs that run plugins or use volumes, volumes and their claims. It says what would not work, why, and what to do. It changes nothing. Where the agent that is asked is a client on this machine, the machine itself is looked at too. What the token may not read is not checked, and said.\n\nThe exit code is 0 where there is no error, 1 where there is one, and 2 where the cluster could not be read or the command line is wrong.';
  static override examples = [
    'pannier nomad check',
    'pannier nomad check -json -address=http://nomad.example:4646',
    'pannier nomad check -t \'{{range .findings}}{{.severity}} {{.kind}} {{.subject}}{{"\\n"}}{{end}}\'',
  ];
  static override flags = { ...nomadFlags, ...outputFlags };
  protected override readonly doing = 'checking Nomad';

  async run(): Promise<void> {
    const { flags } = await this.input(NomadCheck);
    const [{ readCluster }, { checkCluster }, { thisMachine }] = await Promise.all([
      import('../../src/nomad/check/read.js'),
      import('../../src/nomad/check/check.js'),
      import('../../src/cli/check/machine.js'),
    ]);
    using nomad = openNomad(flags);
    const reading = readCluster(nomad, thisMachine).catch((error: unknown) => {
      const { message, ...failure } = failureOf(error);
      throw new CommandError(message, { ...failure, exitCode: EXIT.usage, cause: error });
    });
    const { view, gaps } = await this.progress('Reading the cluster', reading);
    const findings = checkCluster(view);
    await this.data({ address: nomad.settings.address, findings, gaps }, () =>
      [
        ...findings.map(block),
        ...gaps.map(({ part, problem }) => `Not checked: ${part}: ${problem}`),
        ...(findings.length === 0
          ? [`Nothing found${gaps.length === 0 ? '' : ' in the rest'}`]
          : []),
      ].join('\n\n'),
    );
    if (findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.failed;
  }
}

function block({ severity, kind, subject, problem, reason, remedy }: Finding): string {
  return keyValues([
    ['Severity', severity],
    ['Kind', kind],
    ['Subject', subject],
    ['Problem', problem],
    ['Why', reason],
    ['Remedy', remedy],
  ]);
}
