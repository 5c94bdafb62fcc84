import { errorAt, type Range } from '../../spec/diagnostic.js';
import type { Json } from './json.js';
import { isName, NAME_RULE, STORAGE_PROVIDER } from './names.js';
import {
  checkContainers,
  checkName,
  checkPluginNames,
  type NamedPlugin,
  namedPlugin,
  PLUGIN_FIELDS,
  serves,
} from './plugin.js';
import { at, checkShape, itemsOf, member, type Report, type Shape, textOf } from './shape.js';

/** `ResourceProviderInfo`. */
const SHAPE: Shape = {
  fields: {
    id: 'any',
    attributes: 'any',
    type: { required: 'string' },
    name: { required: 'string' },
    default_reservations: {
      list: {
        fields: {
          type: { words: ['STATIC', 'DYNAMIC'] },
          role: { required: 'string' },
          principal: 'string',
          labels: 'any',
        },
      },
    },
    storage: {
      required: {
        fields: {
          plugin: { required: { fields: PLUGIN_FIELDS } },
          reconciliation_interval_seconds: 'number',
        },
      },
    },
  },
};

/** A provider in a file, by which files are held against each other. */
export interface NamedProvider {
  readonly type: string;
  readonly name: string;
  readonly range: Range;
  readonly plugin: NamedPlugin;
}

export function namedProvider(file: Json): NamedProvider | undefined {
  const name = member(file, 'name');
  const [type, text] = [textOf(member(file, 'type')), textOf(name)];
  const plugin = member(member(file, 'storage'), 'plugin');
  const named = plugin && namedPlugin(plugin);
  return type === undefined || text === undefined || name === undefined || named === undefined
    ? undefined
    : { type, name: text, range: name.range, plugin: named };
}

/** A file of the agent's --resource_provider_config_dir: what Mesos refuses in it, and what would end the agent. */
export function checkProvider(file: Json, report: Report): void {
  checkShape(file, SHAPE, 'a resource provider', report);
  const id = member(file, 'id');
  if (id !== undefined)
    report(
      errorAt(id.range, 'Mesos refuses a provider with an "id"', 'Remove it: Mesos gives one.'),
    );
  const type = member(file, 'type');
  if (type !== undefined && textOf(type) !== STORAGE_PROVIDER)
    report(
      errorAt(type.range, 'There is no such resource provider', `Write "${STORAGE_PROVIDER}".`),
    );
  checkName(member(file, 'name'), 'name', isName, NAME_RULE, report);
  checkReservations(file, report);
  const plugin = at(file, 'storage', 'plugin');
  if (plugin?.kind === 'object') checkProviderPlugin(plugin, report);
}

function checkProviderPlugin(plugin: Json, report: Report): void {
  checkPluginNames(plugin, report);
  const endpoints = member(plugin, 'endpoints');
  if (endpoints !== undefined)
    report(
      errorAt(
        endpoints.range,
        'A resource provider takes no plugin that runs already',
        'Write "containers": the agent starts the plugin itself.',
      ),
    );
  checkContainers(plugin, report);
  const range = (member(plugin, 'containers') ?? plugin).range;
  if (!serves(plugin, 'NODE_SERVICE'))
    report(
      errorAt(range, 'No container has NODE_SERVICE', 'Mesos refuses a provider without one.'),
    );
  if (!serves(plugin, 'CONTROLLER_SERVICE'))
    report(
      errorAt(
        range,
        'No container has CONTROLLER_SERVICE',
        'The whole agent ends at its start, each time, with such a provider.',
      ),
    );
}

function checkReservations(file: Json, report: Report): void {
  itemsOf(member(file, 'default_reservations')).forEach((one, index) => {
    const [role, type] = [member(one, 'role'), member(one, 'type')];
    const text = textOf(role);
    if (role !== undefined && text !== undefined && !isRole(text))
      report(
        errorAt(
          role.range,
          `"${text}" is no role to reserve for`,
          'A role has no blanks, does not begin with a dash, and is not "*".',
        ),
      );
    if (index > 0 && type !== undefined && textOf(type) === 'STATIC')
      report(errorAt(type.range, 'Only the first reservation may be STATIC', 'Write DYNAMIC.'));
  });
}

/** Mesos's rule for roles, whose parts are separated by slashes. */
export function isRole(text: string): boolean {
  return text.split('/').every((part) => /^(?!-|\.\.?$|\*$)[^\s\\]+$/.test(part));
}
