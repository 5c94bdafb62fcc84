import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags, toggle } from '../../src/cli/flags.js';
import { inputFlags } from '../../src/cli/inputs.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { readSize } from '../../src/cli/sizes.js';
import { givenSpec } from '../../src/cli/specs.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class VolumeExpand extends PannierCommand {
  static override summary = 'Grow a volume';
  static override description =
    `Grows a volume to a size, such as 20GiB or 20G. The volume is named by its ID, or by its specification: a file that ends in .hcl or .json, or - for standard input.\n\nThrough Nomad the ID is the whole one, of Nomad or of the plugin, and the file systems grow where jobs have them. Nomad replaces the secrets and the mount options that it has by those that come with the size, and tells neither secrets nor mount flags: with an ID alone, say -without-secrets or give -secrets-file; for a volume with mount flags name the specification.\n\nStraight to a controller the ID is a whole handle or name. Where \`pannier volume mount\` has the volume on this machine, or the node at the controller's endpoint has it, its file system grows at once; elsewhere it grows when it is staged next.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume expand volume.hcl 20GiB',
    'pannier volume expand -without-secrets data 20GiB',
    'pannier volume expand -endpoint=unix:///csi/csi.sock data 20GiB',
  ];
  static override args = {
    ID: argument({ description: 'The volume, or its specification.', required: true }),
    size: argument({ description: 'The new size.', required: true }),
  };
  static override flags = {
    ...wayFlags,
    ...outputFlags,
    ...secretsFlags,
    ...inputFlags,
    'without-secrets': toggle({
      description: 'Through Nomad, with an ID: the volume has no secrets that Nomad could forget.',
    }),
  };
  protected override readonly doing = 'expanding volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeExpand);
    const sizeBytes = readSize(args.size);
    const way = wayOf(flags);
    const target = isFile(args.ID)
      ? await givenSpec(this, args.ID, flags, { nomad: way.through === 'nomad' })
      : args.ID;
    const given = await readSecrets(flags['secrets-file']);
    onlyThroughNomad(way, { 'without-secrets': flags['without-secrets'] });
    if (way.through === 'nomad') {
      const known = flags['secrets-file'] !== undefined || flags['without-secrets'];
      const { expandThroughNomad } = await import('../../src/cli/nomad/volume-expand.js');
      return await expandThroughNomad(this, flags, {
        ...{ target, sizeBytes },
        secrets: known ? given : undefined,
      });
    }
    const { expandStraight } = await import('../../src/cli/straight/volume-expand.js');
    const [id, secrets] =
      typeof target === 'string'
        ? [target, given]
        : [target.externalId || target.name, { ...target.secrets, ...given }];
    await expandStraight(this, way.endpoint, id, sizeBytes, secrets);
  }
}

function isFile(text: string): boolean {
  return text === '-' || /\.(?:hcl|json)$/.test(text);
}
