import { errorAt, warningAt } from '../diagnostic.js';
import { type Context, named } from './root.js';
import type { VolumeSpec } from './spec.js';

/** What a specification is read for. */
export interface Use {
  /** What is done with it. Where that is not known, one with an external_id is registered, any other created. */
  readonly verb?: 'create' | 'register';
  /** Whether Nomad gets it, which needs an ID and a plugin; where that is not known, they are only missed. */
  readonly nomad?: boolean;
}

/** Tells of fields that are missing, and of those that do not go together or not with what is to be done. */
export function checkFields(context: Context, spec: VolumeSpec, use: Use): void {
  const registers = use.verb === undefined ? spec.externalId !== '' : use.verb === 'register';
  checkName(context, spec, registers);
  checkNomad(context, spec, registers ? true : use.nomad);
  checkSources(context, spec);
  checkId(context, spec);
  checkMountOptions(context, spec);
  if (registers) checkRegistration(context, spec, use);
  else checkCreation(context, spec);
}

/** Where to say that a text is missing; undefined where it is there, or where reading lost something. */
function absent(context: Context, name: string, text: string) {
  const [entry] = named(context, name);
  return text === '' && context.complete && (entry === undefined || entry.value.kind === 'string')
    ? (entry?.value.range ?? context.place)
    : undefined;
}

/** The name is what CreateVolume needs. */
function checkName(context: Context, spec: VolumeSpec, registers: boolean): void {
  const place = absent(context, 'name', spec.name);
  if (place === undefined) return;
  const summary = 'The volume has no name';
  context.report(
    registers
      ? warningAt(place, summary, 'Nomad registers it all the same; write: name = "…".')
      : errorAt(
          place,
          summary,
          'Write: name = "…". By its name a plugin knows a volume again when a creation is repeated.',
        ),
  );
}

/** The ID and the plugin's ID are needed by Nomad alone. */
function checkNomad(context: Context, spec: VolumeSpec, nomad: boolean | undefined): void {
  if (nomad === false) return;
  for (const [key, text] of [
    ['id', spec.id],
    ['plugin_id', spec.pluginId],
  ] as const) {
    const place = absent(context, key, text);
    const tell = nomad === true ? errorAt : warningAt;
    if (place !== undefined)
      context.report(
        tell(place, `The volume has no ${key}`, 'Nomad needs one; a plugin does not.'),
      );
  }
}

function checkSources(context: Context, spec: VolumeSpec): void {
  if (spec.snapshotId !== '' && spec.cloneId !== '')
    context.report(
      errorAt(
        named(context, 'clone_id')[0]?.value.range,
        'snapshot_id and clone_id exclude each other',
        'A volume is made from one of them, or from neither. Remove one.',
      ),
    );
}

/** Nomad's command line puts the ID into a URL as it is. */
function checkId(context: Context, spec: VolumeSpec): void {
  const bad = /[#?%/\p{Cc}]/u.exec(spec.id)?.[0];
  if (bad === undefined) return;
  const shown = /\p{Cc}/u.test(bad) ? 'a control character' : `"${bad}"`;
  context.report(
    warningAt(
      named(context, 'id')[0]?.value.range,
      `Nomad cannot create a volume with ${shown} in its id`,
      'It writes the id into a URL as it is, where this character ends the path, divides it, begins an escape or cannot stand at all.',
    ),
  );
}

/** A raw device is neither formatted nor mounted. */
function checkMountOptions(context: Context, spec: VolumeSpec): void {
  const { fsType = '', mountFlags = [] } = spec.mountOptions ?? {};
  if (fsType === '' && mountFlags.length === 0) return;
  if (spec.capabilities.length === 0) return;
  if (spec.capabilities.some(({ attachmentMode }) => attachmentMode === 'file-system')) return;
  context.report(
    warningAt(
      named(context, 'mount_options')[0]?.key.range,
      'mount_options have no effect',
      'Every capability is block-device: a raw device is neither formatted nor mounted.',
    ),
  );
}

function checkRegistration(context: Context, spec: VolumeSpec, use: Use): void {
  if (spec.externalId === '') {
    if (use.verb === 'register' && context.complete)
      context.report(
        warningAt(
          context.place,
          'The volume has no external_id',
          `Nomad updates a volume that it has; any other it looks for in the plugin under its id, "${spec.id}". Write the plugin's ID of it, which \`pannier volume status -verbose\` lists; a volume that is not there yet is made by \`pannier volume create\`.`,
        ),
      );
    return;
  }
  for (const key of ['snapshot_id', 'clone_id'] as const)
    for (const entry of named(context, key).slice(-1))
      context.report(
        warningAt(
          entry.key.range,
          `"${key}" has no effect on a volume that exists`,
          'It is registered as it is. To make one from a snapshot or a volume, leave external_id out and create it.',
        ),
      );
}

function checkCreation(context: Context, spec: VolumeSpec): void {
  const ignored = (name: string, summary: string, detail: string) => {
    for (const { key } of named(context, name).slice(-1))
      context.report(warningAt(key.range, summary, detail));
  };
  if (spec.externalId !== '')
    ignored(
      'external_id',
      'external_id is left out where a volume is created',
      'The plugin says what it is. A volume that exists is registered: `pannier volume register`.',
    );
  if (Object.keys(spec.context ?? {}).length > 0)
    ignored(
      'context',
      'context is left out where a volume is created',
      'It is what the plugin answers. Only a volume that exists is registered with a context.',
    );
}
