import { errorAt } from '../../spec/diagnostic.js';
import type { Json } from './json.js';
import { checkContainers, checkPluginNames, PLUGIN_FIELDS, serves } from './plugin.js';
import { checkShape, itemsOf, member, type Report, textOf } from './shape.js';

/** A file of the agent's --csi_plugin_config_dir. */
export function checkIsolatorPlugin(file: Json, report: Report): void {
  checkShape(file, { fields: PLUGIN_FIELDS }, 'a plugin of volume/csi', report);
  if (file.kind !== 'object') return;
  checkPluginNames(file, report);
  const containers = member(file, 'containers');
  const endpoints = member(file, 'endpoints');
  const runs = itemsOf(containers).length > 0;
  const listens = itemsOf(endpoints).length > 0;
  if (!runs && !listens)
    report(
      errorAt(
        file.range,
        'A plugin needs "containers" or "endpoints"',
        'The whole agent ends when it uses a plugin with neither.',
      ),
    );
  if (runs && endpoints !== undefined && listens)
    report(
      errorAt(
        endpoints.range,
        'A plugin has "containers" or "endpoints", and not both',
        'Mesos starts one of its own, and does not use the endpoints.',
      ),
    );
  if (runs) checkContainers(file, report);
  checkEndpoints(endpoints, report);
  const serviceOf = (one: Json) => textOf(member(one, 'csi_service'));
  const hasNode = runs
    ? serves(file, 'NODE_SERVICE')
    : itemsOf(endpoints).some((one) => serviceOf(one) === 'NODE_SERVICE');
  if ((runs || listens) && !hasNode)
    report(
      errorAt(
        (containers ?? endpoints ?? file).range,
        'Nothing here has NODE_SERVICE',
        'Volumes of tasks are mounted by it.',
      ),
    );
  const root = member(file, 'target_path_root');
  if (root !== undefined && textOf(root)?.startsWith('/') === false)
    report(errorAt(root.range, 'This is no absolute path', 'Write one that begins with "/".'));
}

function checkEndpoints(endpoints: Json | undefined, report: Report): void {
  for (const one of itemsOf(endpoints)) {
    const endpoint = member(one, 'endpoint');
    const text = textOf(endpoint);
    if (endpoint === undefined || text === undefined || text.startsWith('unix:///')) continue;
    report(
      errorAt(
        endpoint.range,
        'An endpoint begins with unix:///',
        'Anything else is a host to gRPC, and no plugin is ever reached: write unix:// and the path of the socket.',
      ),
    );
  }
}
