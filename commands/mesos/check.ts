import { PannierCommand } from '../../src/cli/command.js';
import { CommandError, EXIT } from '../../src/cli/errors.js';
import { argumentList, option, outputFlags, toggle } from '../../src/cli/flags.js';
import { mistakes, rendered } from '../../src/cli/mistakes.js';
import { hasErrors } from '../../src/spec/diagnostic.js';
import { diagnosticsToJson } from '../../src/spec/render.js';

export default class MesosCheck extends PannierCommand {
  static override summary = 'Check the files that a Mesos agent reads for volumes';
  static override description =
    "Reads files of Mesos's and reports every mistake in them, with its file, line and column, before an agent meets it: resource providers, plugins of the isolator volume/csi, maps of disk profiles, modules. What a file is is told by what is in it; of a folder all that end in .json are read. Some of these mistakes end the whole agent, some only the plugin, and some nobody would tell you of.\n\nWith -config the parameters of profiles are held against the plugin's configuration, and with -ceph Ceph is asked whether their pools are there.\n\nThe exit code is 0 where Mesos and the plugin take all of it and 2 where they do not.";
  static override examples = [
    'pannier mesos check /etc/mesos/pannier',
    'pannier mesos check -config=/etc/pannier/pannier.hcl -ceph /etc/mesos/pannier',
    'pannier mesos check -json disk-profiles.json',
  ];
  static override args = {
    path: argumentList({ description: 'Files and folders of them.', required: true }),
  };
  static override flags = {
    config: option({
      value: 'path',
      description: "The plugin's configuration: a file in HCL.",
    }),
    ceph: toggle({ description: 'Ask Ceph too, as the configuration says.' }),
    ...outputFlags,
  };
  protected override readonly doing = 'checking the files';

  async run(): Promise<void> {
    const { args, flags } = await this.input(MesosCheck);
    const [{ checkMesosFiles, readFiles, toldOf }, { pluginSettings }] = await Promise.all([
      import('../../src/cli/mesos/files.js'),
      import('../../src/cli/mesos/plugin-settings.js'),
    ]);
    const plugin = flags.config === undefined ? undefined : pluginSettings(flags.config);
    if (plugin?.problem !== undefined)
      throw new CommandError(`the plugin's configuration cannot be used: ${plugin.problem}`, {
        code: 'CONFIG',
        exitCode: EXIT.usage,
        remedy: 'See `pannier plugin run -check -config=…`.',
      });
    if (flags.ceph && plugin === undefined)
      throw new CommandError("-ceph needs the plugin's configuration", {
        exitCode: EXIT.usage,
        remedy: 'Name it with -config.',
      });
    const files = await readFiles(args.path ?? []);
    const checked = await this.progress(
      'Checking',
      checkMesosFiles(files, plugin?.settings, flags.ceph),
    );
    const told = [toldOf(checked)];
    const valid = !hasErrors(checked.diagnostics);
    if (this.forPeople && !valid) throw mistakes('the files cannot be used', told);
    const warnings = rendered(told);
    if (warnings !== undefined) this.notice(warnings);
    const data = {
      valid,
      files: checked.files.map(({ path, kind }) => ({ path, kind: kind ?? null })),
      diagnostics: diagnosticsToJson(checked.diagnostics),
    };
    await this.data(data, () =>
      data.files.length === 0
        ? 'No files'
        : data.files.map(({ path, kind }) => `${path}: ${kind}: valid`).join('\n'),
    );
    if (!valid) process.exitCode = EXIT.usage;
  }
}
