import { errorAt, type Range } from '../../spec/diagnostic.js';
import type { Json } from './json.js';
import { isName, isType, NAME_RULE, TYPE_RULE } from './names.js';
import { at, type Fields, itemsOf, member, type Report, type Shape, textOf } from './shape.js';

export const SERVICES = ['CONTROLLER_SERVICE', 'NODE_SERVICE'] as const;
export type Service = (typeof SERVICES)[number];

const COMMAND: Shape = {
  fields: {
    shell: 'boolean',
    value: 'string',
    arguments: { list: 'string' },
    environment: {
      fields: {
        variables: {
          list: {
            fields: {
              name: { required: 'string' },
              type: { words: ['VALUE', 'SECRET'] },
              value: 'string',
              secret: 'any',
            },
          },
        },
      },
    },
    user: 'string',
    uris: 'any',
  },
};

const RESOURCE: Shape = {
  fields: {
    name: { required: 'string' },
    type: { required: { words: ['SCALAR', 'RANGES', 'SET'] } },
    scalar: { fields: { value: { required: 'number' } } },
    ranges: 'any',
    set: 'any',
  },
};

/** `CSIPluginInfo`. */
export const PLUGIN_FIELDS: Fields = {
  type: { required: 'string' },
  name: 'string',
  containers: {
    list: {
      fields: {
        services: { list: { words: SERVICES } },
        command: COMMAND,
        resources: { list: RESOURCE },
        container: 'any',
      },
    },
  },
  endpoints: {
    list: {
      fields: {
        csi_service: { required: { words: SERVICES } },
        endpoint: { required: 'string' },
      },
    },
  },
  target_path_root: 'string',
  target_path_exists: 'boolean',
};

/** A plugin in a file, by which files are held against each other. */
export interface NamedPlugin {
  readonly type: string;
  readonly name: string;
  readonly range: Range;
}

export function namedPlugin(plugin: Json): NamedPlugin | undefined {
  const type = member(plugin, 'type');
  const text = textOf(type);
  if (type === undefined || text === undefined) return undefined;
  return { type: text, name: textOf(member(plugin, 'name')) ?? 'default', range: type.range };
}

/** What Mesos refuses in the names of a plugin. */
export function checkPluginNames(plugin: Json, report: Report): void {
  checkName(member(plugin, 'type'), 'type', isType, TYPE_RULE, report);
  checkName(member(plugin, 'name'), 'name', isName, NAME_RULE, report);
}

export function checkName(
  value: Json | undefined,
  key: string,
  isRight: (text: string) => boolean,
  rule: string,
  report: Report,
): void {
  const text = textOf(value);
  if (value === undefined || text === undefined || isRight(text)) return;
  report(
    errorAt(
      value.range,
      `Mesos refuses "${text}" as a ${key}`,
      `Only ${rule} may be in it: dashes may not.`,
    ),
  );
}

/** True where a container of the plugin serves this. */
export function serves(plugin: Json, service: Service): boolean {
  return itemsOf(member(plugin, 'containers')).some((container) =>
    itemsOf(member(container, 'services')).some((one) => textOf(one) === service),
  );
}

/** What would keep a plugin's containers from running. */
export function checkContainers(plugin: Json, report: Report): void {
  for (const container of itemsOf(member(plugin, 'containers'))) {
    const command = member(container, 'command');
    if (textOf(at(command, 'value')) !== undefined) continue;
    report(
      errorAt(
        (command ?? container).range,
        'This container has no command to run',
        'Write "command": { "value": … } with the program of the plugin.',
      ),
    );
  }
}
