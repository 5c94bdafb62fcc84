import { DEFAULT_DEV_FOLDER, DEFAULT_ENDPOINT } from '../dev/defaults.js';
import type { DevStatus } from '../dev/environment.js';
import { keyValues } from './columns.js';
import { option } from './flags.js';

/** For every command of `pannier dev`. */
export const folderFlags = {
  folder: option({
    value: 'path',
    description: 'The folder that holds the cluster, its data and the socket of the plugin.',
    default: DEFAULT_DEV_FOLDER,
    env: 'PANNIER_DEV_FOLDER',
  }),
};

/** How to start this program again. */
export function thisProgram(): string[] {
  return [process.execPath, ...process.argv.slice(1, 2)];
}

/** A development environment as a person reads it. */
export function describeDev(status: DevStatus): string {
  const { state, endpoint, folder, ceph, config, log, pids, attachments } = status;
  const processes = Object.entries(pids).map(([name, pid]) => `${name} ${pid}`);
  const attached = attachments.map(({ device, mountPoints }) =>
    [device, ...mountPoints].join(' at '),
  );
  return keyValues([
    ['State', state],
    ['Folder', folder],
    ['Endpoint', endpoint],
    ['Configuration', config],
    ['Plugin log', log],
    ['ceph.conf', ceph?.conf],
    ['Monitors', ceph?.monitors.join(', ')],
    ['User', ceph?.user],
    ['Key file', ceph?.keyFile],
    ['Pool', ceph?.pool],
    ['Processes', processes.length === 0 ? undefined : processes.join(', ')],
    ['Attached', attached.length === 0 ? undefined : attached.join(', ')],
  ]);
}

/** What to type next. */
export function nextCommands(status: DevStatus): string[] {
  const { endpoint, ceph } = status;
  return [
    ...(endpoint === DEFAULT_ENDPOINT ? [] : [`export PANNIER_ENDPOINT=${endpoint}`]),
    'pannier volume init',
    'pannier volume create volume.hcl',
    'pannier volume status',
    ...(ceph === undefined ? [] : [`rbd -c ${ceph.conf} --id ${ceph.user} ls ${ceph.pool}`]),
  ];
}
