import { table } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { option, outputFlags, toggle } from '../../src/cli/flags.js';
import { packageVersion } from '../../src/cli/package.js';
import { CONSUL_OPTIONS, consulFlag } from '../../src/config/consul-options.js';
import { CLUSTER_OPTIONS, clusterFlag, OPTIONS, type Option } from '../../src/config/options.js';
import type { Settings } from '../../src/config/settings.js';

/** A flag for each setting, but for the key: a process list is no place for it. */
function settingFlags() {
  const flag = (
    name: string,
    { description, env, value, fallback }: Option,
    helpGroup?: string,
  ) => [
    name,
    option({
      value,
      description: `${description}${fallback === undefined ? '' : ` Default: ${fallback}.`} Also ${env}.`,
      ...(helpGroup === undefined ? {} : { helpGroup }),
    }),
  ];
  return Object.fromEntries([
    ...Object.values(OPTIONS).map((one) => flag(one.key.replaceAll('_', '-'), one)),
    ...Object.values(CLUSTER_OPTIONS)
      .filter(isShown)
      .map((one) => flag(clusterFlag(one.key), one, 'Cluster Options')),
    ...Object.values(CONSUL_OPTIONS)
      .filter(isShown)
      .map((one) => flag(consulFlag(one.key), one, 'Consul Options')),
  ]) as Record<string, ReturnType<typeof option>>;
}

function isShown(option: Option): boolean {
  return !option.secret;
}

export default class PluginRun extends PannierCommand {
  static override summary = 'Run the CSI plugin';
  static override description =
    'Serves CSI as a controller, a node or both until it is told to stop by SIGTERM or SIGINT. Calls in flight are let finish, and mounts are left alone.\n\nSettings come from the flags, or else from the environment, or else from the file. They are checked whole before anything starts.';
  static override examples = [
    'pannier plugin run -config=/etc/pannier/pannier.hcl',
    'CSI_ENDPOINT=unix:///csi/csi.sock pannier plugin run -mode=controller -ceph-conf=/etc/ceph/ceph.conf',
    'pannier plugin run -config=pannier.hcl -check',
    'pannier plugin run -config=consul://pannier/config',
  ];
  static override flags = {
    config: option({
      value: 'path',
      description:
        'The configuration, in HCL: the path of a file, or consul://key for one in Consul, which is followed while the plugin runs.',
      env: 'PANNIER_CONFIG',
    }),
    check: toggle({
      description: 'Say whether the plugin would start and could work, and why not; then end.',
    }),
    ...settingFlags(),
    ...outputFlags,
  };
  protected override readonly doing = 'running the plugin';

  async run(): Promise<void> {
    const { flags } = await this.input(PluginRun);
    const { usableSettings } = await import('../../src/cli/settings.js');
    const { json: _, check, ...words } = flags;
    const { settings, warnings, follow } = await usableSettings(flags.config, words, !check);
    if (warnings !== undefined) this.notice(warnings);
    if (check) return this.#check(settings);

    const { runPlugin } = await import('../../src/plugin/run.js');
    await runPlugin(settings, packageVersion(), follow);
  }

  async #check(settings: Settings): Promise<void> {
    const { checkPlugin } = await import('../../src/plugin/check.js');
    const findings = await this.progress('Checking', checkPlugin(settings));
    await this.data(findings, () =>
      table(
        ['Subject', 'OK', 'Detail'],
        findings.map(({ subject, ok, detail }) => [subject, ok, detail]),
      ),
    );
    if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
  }
}
