import { type Diagnostic, errorAt, hasErrors, warningAt } from './diagnostic.js';
import type { Body } from './hcl/ast.js';
import { readCapabilities, type SpecCapability } from './volume/capabilities.js';
import { compareCapacities, readCapacity } from './volume/capacity.js';
import { readMap } from './volume/maps.js';
import { type MountOptions, readMountOptions } from './volume/mount-options.js';
import { type Context, entriesOf, named, type Report } from './volume/root.js';
import { readScalar } from './volume/scalars.js';
import { readTopology, type TopologyRequest } from './volume/topology.js';
import { readType } from './volume/type.js';
import { tellUnknown } from './volume/unknown.js';

/** A volume specification, as Nomad understands it. Text that is not given is ''. */
export interface VolumeSpec {
  readonly type: 'csi';
  /** The volume's ID in Nomad. */
  readonly id: string;
  /** The CSI name: what makes a creation repeatable. */
  readonly name: string;
  readonly namespace: string;
  readonly pluginId: string;
  readonly externalId: string;
  readonly snapshotId: string;
  readonly cloneId: string;
  /** Bytes; 0 where not given. */
  readonly capacityMin: bigint;
  /** Bytes; 0 where not given. */
  readonly capacityMax: bigint;
  /** At least one. */
  readonly capabilities: readonly SpecCapability[];
  readonly mountOptions?: MountOptions;
  readonly topologyRequest?: TopologyRequest;
  /** As the two behind it: absent where it is not written at all, which Nomad tells from an empty one. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * Reads a file's body as Nomad does. What Nomad drops in silence is a warning; what it refuses, picks at
 * random or sends although no plugin can use it is an error. `complete` is false where reading the text lost
 * something, so that nothing is called missing. There is a specification only where there is no error.
 */
export function readVolume(
  body: Body,
  complete: boolean,
): { readonly spec?: VolumeSpec; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => {
    diagnostics.push(diagnostic);
  };
  const entries = entriesOf(body);
  const start = { ...body.range, end: body.range.start };
  const context: Context = {
    entries,
    report,
    complete,
    place: entries.find(({ key }) => key.value.toLowerCase() === 'type')?.item.range ?? start,
  };
  if (readType(context) === 'other') return { diagnostics };
  const spec = readFields(context);
  tellUnknown(context);
  return hasErrors(diagnostics) || !complete ? { diagnostics } : { spec, diagnostics };
}

function readFields(context: Context): VolumeSpec {
  const text = (name: string) => readScalar(context, name);
  const min = readCapacity(context, 'capacity_min');
  const max = readCapacity(context, 'capacity_max');
  compareCapacities(min, max, context.report);
  const mountOptions = readMountOptions(context);
  const topologyRequest = readTopology(context);
  const secrets = readMap(context, 'secrets');
  const parameters = readMap(context, 'parameters');
  const volumeContext = readMap(context, 'context');
  const spec: VolumeSpec = {
    type: 'csi',
    id: text('id'),
    name: text('name'),
    namespace: text('namespace'),
    pluginId: text('plugin_id'),
    externalId: text('external_id'),
    snapshotId: text('snapshot_id'),
    cloneId: text('clone_id'),
    capacityMin: min.bytes,
    capacityMax: max.bytes,
    capabilities: readCapabilities(context),
    ...(mountOptions === undefined ? {} : { mountOptions }),
    ...(topologyRequest === undefined ? {} : { topologyRequest }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(volumeContext === undefined ? {} : { context: volumeContext }),
  };
  checkPresent(context, spec);
  checkSources(context, spec);
  checkId(context, spec);
  return spec;
}

/** The name is what CreateVolume needs; id and plugin_id are needed by Nomad alone. */
function checkPresent(context: Context, spec: VolumeSpec): void {
  const absent = (name: string, text: string) => {
    const [entry] = named(context, name);
    return text === '' && context.complete && (entry === undefined || entry.value.kind === 'string')
      ? (entry?.value.range ?? context.place)
      : undefined;
  };
  const name = absent('name', spec.name);
  if (name !== undefined)
    context.report(
      errorAt(
        name,
        'The volume has no name',
        'Write: name = "…". By its name a plugin knows a volume again when a creation is repeated.',
      ),
    );
  for (const [key, text] of [
    ['id', spec.id],
    ['plugin_id', spec.pluginId],
  ] as const) {
    const place = absent(key, text);
    if (place !== undefined)
      context.report(
        warningAt(place, `The volume has no ${key}`, 'Nomad needs one; a plugin does not.'),
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

/** Nomad puts the ID into a URL as it is. */
function checkId(context: Context, spec: VolumeSpec): void {
  const bad = /[#?%]/.exec(spec.id)?.[0];
  if (bad === undefined) return;
  context.report(
    warningAt(
      named(context, 'id')[0]?.value.range,
      `Nomad cannot create a volume with "${bad}" in its id`,
      'It writes the id into a URL as it is, where this character ends the path or begins an escape.',
    ),
  );
}
