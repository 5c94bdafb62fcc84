import { PannierCommand } from '../src/cli/command.js';
import { outputFlags } from '../src/cli/flags.js';
import { packageVersion } from '../src/cli/package.js';

export default class Version extends PannierCommand {
  static override summary = 'Print the version';
  static override description = 'Prints the version of Pannier; with -json, that of Node.js too.';
  static override examples = ['pannier version', 'pannier version -json'];
  static override flags = { ...outputFlags };
  protected override readonly doing = 'reading the version';

  async run(): Promise<void> {
    await this.input(Version);
    const version = packageVersion();
    const node = process.version.slice(1);
    await this.data({ version, node }, () => `Pannier v${version}`);
  }
}
