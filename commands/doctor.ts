import { keyValues } from '../src/cli/columns.js';
import { PannierCommand } from '../src/cli/command.js';
import { EXIT } from '../src/cli/errors.js';
import { endpointFlags, outputFlags, toggle } from '../src/cli/flags.js';
import { openPlugin } from '../src/cli/plugin.js';

export default class Doctor extends PannierCommand {
  static override summary = 'Find what nobody owns in Ceph, and mend it';
  static override description =
    'Looks through the pools of every configured cluster for images, snapshots, index entries and background work that do not fit together: what a controller left that died, and what was changed by hand. It says what is wrong and what would be done, and does it with -fix. Controllers may work at the same time: what is under way is not a finding.\n\nThe exit code is 0 where nothing is left to mend and 1 where something is.';
  static override examples = [
    'pannier doctor',
    'pannier doctor -fix',
    'pannier doctor -t \'{{range .}}{{.kind}} {{.subject}}{{"\\n"}}{{end}}\'',
  ];
  static override flags = {
    fix: toggle({ description: 'Do what would be done.' }),
    ...endpointFlags,
    ...outputFlags,
  };
  protected override readonly doing = 'looking for what nobody owns';

  async run(): Promise<void> {
    const { flags } = await this.input(Doctor);
    await using plugin = openPlugin(flags.endpoint);
    const admin = await plugin.admin();
    const answer = await this.progress(
      'Looking through the pools',
      admin.examine({ fix: flags.fix }),
    );
    const findings = answer.findings.map(({ kind, subject, problem, remedy, fixed }) => ({
      ...{ kind, subject, problem, remedy: remedy === '' ? null : remedy, fixed },
    }));
    await this.data(findings, () =>
      findings.length === 0 ? 'Nothing found' : findings.map(block).join('\n\n'),
    );
    if (findings.some(({ fixed }) => !fixed)) process.exitCode = EXIT.failed;
  }
}

function block(finding: {
  readonly kind: string;
  readonly subject: string;
  readonly problem: string;
  readonly remedy: string | null;
  readonly fixed: boolean;
}): string {
  return keyValues([
    ['Kind', finding.kind],
    ['Subject', finding.subject],
    ['Problem', finding.problem],
    ['Remedy', finding.remedy ?? 'look at it by hand'],
    ['Fixed', finding.fixed ? 'yes' : 'no'],
  ]);
}
