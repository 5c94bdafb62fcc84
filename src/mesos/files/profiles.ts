import { errorAt, type Range, warningAt } from '../../spec/diagnostic.js';
import { type AccessMode, unsupported } from '../../volume/capability.js';
import { VolumeError } from '../../volume/errors.js';
import { readParameters } from '../../volume/parameters.js';
import type { Clusters } from '../../volume/store.js';
import type { Json, Member } from './json.js';
import { checkShape, itemsOf, member, plain, type Report, type Shape, textOf } from './shape.js';

/** The modes that Mesos's CSI 0 has. */
const MODES: readonly AccessMode[] = [
  'SINGLE_NODE_WRITER',
  'SINGLE_NODE_READER_ONLY',
  'MULTI_NODE_READER_ONLY',
  'MULTI_NODE_SINGLE_WRITER',
  'MULTI_NODE_MULTI_WRITER',
];

/** `DiskProfileMapping`, which UriDiskProfileAdaptor reads. */
const SHAPE: Shape = {
  fields: {
    profile_matrix: {
      required: {
        map: {
          fields: {
            resource_provider_selector: {
              fields: {
                resource_providers: {
                  required: {
                    list: {
                      fields: { type: { required: 'string' }, name: { required: 'string' } },
                    },
                  },
                },
              },
            },
            csi_plugin_type_selector: { fields: { plugin_type: { required: 'string' } } },
            volume_capabilities: {
              required: {
                fields: {
                  mount: { fields: { fs_type: 'string', mount_flags: { list: 'string' } } },
                  block: 'any',
                  access_mode: { required: { fields: { mode: { required: { words: MODES } } } } },
                },
              },
            },
            create_parameters: { map: 'string' },
          },
        },
      },
    },
  },
};

/** What the plugin's configuration says of clusters. */
export type KnownClusters = Pick<Clusters, 'names' | 'nameOf' | 'defaultPool'>;

/** A profile in a file. */
export interface NamedProfile {
  readonly name: string;
  readonly range: Range;
  /** What makes it another profile if it changes, as text: capability and parameters. */
  readonly meaning: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly parametersRange: Range | undefined;
  /** The plugin's type that it is for; undefined where it names providers. */
  readonly pluginType: { readonly text: string; readonly range: Range } | undefined;
}

export function namedProfiles(file: Json): NamedProfile[] {
  return membersOf(member(file, 'profile_matrix')).map(({ key, keyRange, value }) => {
    const type = member(member(value, 'csi_plugin_type_selector'), 'plugin_type');
    const text = textOf(type);
    return {
      name: key,
      range: keyRange,
      meaning: meaningOf(value),
      parameters: parametersOf(value),
      parametersRange: member(value, 'create_parameters')?.range,
      pluginType:
        type === undefined || text === undefined ? undefined : { text, range: type.range },
    };
  });
}

/** A map of disk profiles: what Mesos refuses in it, and what the plugin would. */
export function checkProfiles(
  file: Json,
  clusters: KnownClusters | undefined,
  report: Report,
): void {
  checkShape(file, SHAPE, 'a map of profiles', report);
  const profiles = membersOf(member(file, 'profile_matrix'));
  if (profiles.length === 0)
    report(warningAt(file.range, 'There is no profile', 'Nothing is offered to frameworks.'));
  for (const { key, keyRange, value } of profiles) {
    const selectors = ['resource_provider_selector', 'csi_plugin_type_selector'].filter(
      (selector) => member(value, selector) !== undefined,
    );
    if (selectors.length !== 1)
      report(
        errorAt(
          keyRange,
          `Profile "${key}" has ${selectors.length === 0 ? 'no selector' : 'two selectors'}`,
          'Mesos ignores the whole map. Write "csi_plugin_type_selector" or "resource_provider_selector".',
        ),
      );
    checkCapability(key, value, report);
    if (clusters !== undefined) checkParameters(key, value, clusters, report);
  }
}

function checkCapability(name: string, profile: Json, report: Report): void {
  const capability = member(profile, 'volume_capabilities');
  if (capability?.kind !== 'object') return;
  const [mount, block] = [member(capability, 'mount'), member(capability, 'block')];
  if ((mount === undefined) === (block === undefined))
    report(
      errorAt(
        capability.range,
        `Profile "${name}" has ${mount === undefined ? 'neither "mount" nor "block"' : 'both "mount" and "block"'}`,
        'Write one of them: "mount" has a file system made, "block" leaves the device to the task.',
      ),
    );
  const mode = member(member(capability, 'access_mode'), 'mode');
  const text = textOf(mode) as AccessMode | undefined;
  if (mode === undefined || text === undefined || !MODES.includes(text)) return;
  const problem = unsupported({
    mode: text,
    access:
      mount === undefined
        ? { kind: 'block' }
        : { kind: 'mount', fsType: textOf(member(mount, 'fs_type')) ?? '', mountFlags: [] },
  });
  if (problem !== undefined)
    report(errorAt(capability.range, `Profile "${name}": ${problem}`, 'The plugin refuses it.'));
}

function checkParameters(
  name: string,
  profile: Json,
  clusters: KnownClusters,
  report: Report,
): void {
  const parameters = member(profile, 'create_parameters');
  try {
    readParameters(parametersOf(profile), clusters);
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    report(
      errorAt(
        parameters?.range,
        `Profile "${name}": ${error.message}`,
        `The plugin offers nothing of it. ${error.remedy}`,
      ),
    );
  }
}

function parametersOf(profile: Json): Record<string, string> {
  return Object.fromEntries(
    membersOf(member(profile, 'create_parameters')).flatMap(({ key, value }) => {
      const text = textOf(value);
      return text === undefined ? [] : [[key, text]];
    }),
  );
}

/** What Mesos holds against the profile that it has seen. Empty members mean the same as missing ones. */
function meaningOf(profile: Json): string {
  const capability = member(profile, 'volume_capabilities');
  const mount = member(capability, 'mount');
  return JSON.stringify([
    mount === undefined
      ? 'block'
      : [textOf(member(mount, 'fs_type')) ?? '', itemsOf(member(mount, 'mount_flags')).map(plain)],
    textOf(member(member(capability, 'access_mode'), 'mode')),
    Object.entries(parametersOf(profile)).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

function membersOf(value: Json | undefined): readonly Member[] {
  return value?.kind === 'object' ? value.members : [];
}

/**
 * Reports profiles that a map changes which Mesos may have seen, and that it no longer has: it ignores the whole map
 * for the first, and offers nothing more of the second.
 */
export function checkChanged(before: Json, now: Json, report: Report): void {
  const profiles = new Map(namedProfiles(now).map((one) => [one.name, one]));
  for (const { name, meaning } of namedProfiles(before)) {
    const one = profiles.get(name);
    if (one === undefined)
      report(
        warningAt(
          undefined,
          `Profile "${name}" is no longer there`,
          'Its disks stay; nothing more is offered of it.',
        ),
      );
    else if (one.meaning !== meaning)
      report(
        errorAt(
          one.range,
          `Profile "${name}" is another one than in the map that is there`,
          'Mesos ignores a whole map that changes a profile which it has seen. Give the new one another name.',
        ),
      );
  }
}
