import { PannierCommand } from '../../src/cli/command.js';
import { argument, option, outputFlags, toggle } from '../../src/cli/flags.js';
import { rendered } from '../../src/cli/mistakes.js';

export default class MesosConfig extends PannierCommand {
  static override summary = 'Write the files that make Mesos agents use the plugin';
  static override description =
    "Writes what a Mesos agent reads for volumes out of a short description of a site: the resource provider, the plugin of the isolator volume/csi, the map of disk profiles, the module that reads it, and the agent's flags as variables. All is checked first as `pannier mesos check` does it, and where Mesos or the plugin would not take it, nothing is written. A profile that is in the map already may not change: Mesos ignores a whole map that changes a profile which it has seen.\n\nThe same files go to all agents.";
  static override examples = [
    'pannier mesos config site.hcl',
    'pannier mesos config -out=build/mesos -config=pannier.hcl site.hcl',
  ];
  static override args = {
    site: argument({
      description: 'The description, in HCL: jobspecs/mesos/site.hcl is one.',
      required: true,
    }),
  };
  static override flags = {
    out: option({
      value: 'folder',
      description:
        'Where to write. Without it, where the agents have the files: directory in the description.',
    }),
    config: option({
      value: 'path',
      description:
        "Where the plugin's configuration is on this machine. Without it, where it is on the agents: config in the description.",
    }),
    ceph: toggle({ description: 'Ask Ceph too whether the pools of the profiles are there.' }),
    ...outputFlags,
  };
  protected override readonly doing = 'writing the files';

  async run(): Promise<void> {
    const { args, flags } = await this.input(MesosConfig);
    const { writeConfig } = await import('../../src/cli/mesos/config.js');
    const { site } = args;
    const { out, config, ceph: askCeph } = flags;
    const { files, told } = await this.progress(
      'Checking',
      writeConfig({ site, out, config, askCeph }),
    );
    const warnings = rendered(told);
    if (warnings !== undefined) this.notice(warnings);
    await this.data(files, () =>
      files.map(({ path, outcome }) => `${path}: ${outcome}`).join('\n'),
    );
  }
}
