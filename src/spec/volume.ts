import { type Diagnostic, hasErrors } from './diagnostic.js';
import type { Body } from './hcl/ast.js';
import { readCapabilities } from './volume/capabilities.js';
import { compareCapacities, readCapacity } from './volume/capacity.js';
import { checkFields, type Use } from './volume/checks.js';
import { tellUndecodable } from './volume/decodable.js';
import { readMap } from './volume/maps.js';
import { readMountOptions } from './volume/mount-options.js';
import { type Context, entriesOf, named, type Report } from './volume/root.js';
import { readScalar } from './volume/scalars.js';
import type { VolumeSpec } from './volume/spec.js';
import { readState } from './volume/state.js';
import { readTopology } from './volume/topology.js';
import { readType } from './volume/type.js';
import { tellUnknown } from './volume/unknown.js';

export type { VolumeSpec } from './volume/spec.js';

/**
 * Reads a file's body as Nomad does. What Nomad drops in silence is a warning; what it refuses, picks at
 * random or sends although no plugin can use it is an error. `complete` is false where reading the text lost
 * something, so that nothing is called missing. There is a specification only where there is no error.
 */
export function readVolume(
  body: Body,
  complete: boolean,
  use: Use = {},
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
  tellUndecodable(body, report);
  if (readType(context) === 'other') return { diagnostics };
  const spec = readFields(context, use);
  tellUnknown(context);
  return hasErrors(diagnostics) || !complete ? { diagnostics } : { spec, diagnostics };
}

function readFields(context: Context, use: Use): VolumeSpec {
  const text = (name: string) => readScalar(context, name);
  const placeOf = (name: string) => named(context, name).at(-1)?.value.range ?? context.place;
  const min = readCapacity(context, 'capacity_min');
  const max = readCapacity(context, 'capacity_max');
  compareCapacities(min, max, context.report);
  const mountOptions = readMountOptions(context);
  const topologyRequest = readTopology(context);
  const secrets = readMap(context, 'secrets');
  const parameters = readMap(context, 'parameters');
  const volumeContext = readMap(context, 'context');
  const nomadState = readState(context);
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
    ...(nomadState === undefined ? {} : { nomadState }),
    places: { id: placeOf('id'), name: placeOf('name') },
  };
  checkFields(context, spec, use);
  return spec;
}
