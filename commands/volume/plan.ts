import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { toJson } from '../../src/cli/json.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { specArgument, usableSpecs } from '../../src/cli/specs.js';

export default class VolumePlan extends PannierCommand {
  static override summary = 'Show the requests that a specification becomes';
  static override description =
    'Prints the very CSI requests that `volume create` would send for a specification, one for each volume in it, as JSON with the names of the CSI specification and secrets left out. Nothing is sent.';
  static override examples = [
    'pannier volume plan volume.hcl',
    "pannier volume plan -t '{{(index . 0).request.name}}' volume.hcl",
  ];
  static override args = { spec: specArgument };
  static override flags = { ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'planning the volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumePlan);
    const { specs, warnings } = await usableSpecs(args.spec);
    if (warnings !== undefined) this.notice(warnings);
    const fromFile = await readSecrets(flags['secrets-file']);
    const { plannedRequests } = await import('../../src/cli/plan.js');
    const requests = specs.flatMap((spec) =>
      plannedRequests({ ...spec, secrets: { ...spec.secrets, ...fromFile } }),
    );
    await this.data(requests, () => toJson(requests));
  }
}
