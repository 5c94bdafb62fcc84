import type { NomadClient } from '../../nomad/client.js';
import { createVolume, registerVolume } from '../../nomad/volumes.js';
import { capacityRangeOf } from '../../spec/csi.js';
import { nomadVolume } from '../../spec/nomad.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { CommandError } from '../errors.js';
import type { Output } from '../output.js';
import type { Plugin } from '../plugin.js';
import { createOne, registration } from '../straight/volume-create.js';
import { describeChange } from './describe.js';
import type { VolumePlan } from './plan.js';
import type { StraightPlan } from './straight.js';

/** What was done for a volume; the keys are those of -json and -t. */
export interface Applied {
  readonly action: VolumePlan['action'];
  readonly id: string;
  readonly name: string;
  /** The plugin's; null where it was not told. */
  readonly externalId: string | null;
}

/** Throws CommandError, before anything is done, where one of the volumes cannot become what is asked for. */
export function refuseAny(plans: readonly VolumePlan[]): void {
  const refused = plans.filter(({ action }) => action === 'refuse');
  if (refused.length === 0) return;
  const lines = refused.flatMap(({ id, name, changes }) =>
    changes
      .filter((change) => change.refused !== undefined)
      .map((change) => `"${id || name}": ${describeChange(change)}`),
  );
  throw new CommandError('nothing was done, since not all of it can be', {
    text: lines.join('\n'),
    code: 'FAILED_PRECONDITION',
    remedy:
      'Take these back in the specification, or give the volume another id and name for a new one.',
    details: refused.map(({ id, name, changes }) => ({ id, name, changes })),
  });
}

const VERBS: Partial<Record<VolumePlan['action'], string>> = {
  create: 'Creating',
  resend: 'Sending again',
};

/** Does through Nomad what was planned for one volume. */
export async function applyThroughNomad(
  output: Output,
  nomad: NomadClient,
  plan: VolumePlan,
  spec: VolumeSpec,
): Promise<Applied> {
  const { action, id, name } = plan;
  const done = (externalId: string | undefined): Applied => ({
    ...{ action, id, name },
    externalId: externalId || null,
  });
  if (action === 'none') return done(plan.now.nomad?.ExternalID);
  const sent = nomadVolume(spec);
  if (spec.externalId !== '') {
    output.monitor(`Registering volume "${id}"`);
    await output.progress('Registering', registerVolume(nomad, sent));
    return done(spec.externalId);
  }
  output.monitor(`${VERBS[action] ?? 'Changing'} volume "${id}"`);
  return done(
    (await output.progress('Waiting for the plugin', createVolume(nomad, sent))).ExternalID,
  );
}

/** Does straight at a controller, and then in Nomad where there is one, what was planned for one volume. */
export async function applyStraight(
  output: Output,
  plugin: Plugin,
  nomad: NomadClient | undefined,
  { action, id, name, volume }: StraightPlan,
  spec: VolumeSpec,
): Promise<Applied> {
  const done = (externalId: string): Applied => ({ action, id, name, externalId });
  if (action === 'create') return done((await createOne(output, plugin, spec, nomad)).id);
  if (volume === undefined)
    throw new CommandError(`the controller has no volume "${spec.externalId}"`, {
      code: 'NOT_FOUND',
      remedy: 'Correct external_id, or leave it out and the volume is made.',
    });
  if (action === 'none') return done(volume.id);
  let { capacityBytes } = volume;
  if (capacityBytes < spec.capacityMin) {
    output.monitor(`Growing volume "${volume.id}"`);
    const answer = await output.progress(
      'ControllerExpandVolume',
      plugin.controller.controllerExpandVolume({
        volumeId: volume.id,
        capacityRange: capacityRangeOf(spec) ?? {},
        secrets: { ...spec.secrets },
      }),
    );
    capacityBytes = answer.capacityBytes;
  }
  if (nomad !== undefined) {
    output.monitor(`Registering it in Nomad as "${id}"`);
    const sent = registration(spec, { ...volume, capacityBytes });
    await output.progress('Registering in Nomad', registerVolume(nomad, sent));
  }
  return done(volume.id);
}
