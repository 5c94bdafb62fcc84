import { commandLine } from '../command-line.js';
import { type Finding, nomadVolumeCommand, type Rule } from '../finding.js';

/** A volume of Nomad's of which nothing is left in Ceph. */
export const nothingInCeph: Rule = ({ nomad, ceph }) =>
  nomad && (ceph === null || (ceph && !ceph.image && ceph.deleted.length === 0))
    ? [
        {
          kind: 'nomad-volume-without-image',
          part: 'nomad',
          severity: 'error',
          problem: `Nomad has the volume, and there is no image "${nomad.volume.ExternalID}"`,
          remedy: 'This makes Nomad forget it.',
          command: nomadVolumeCommand('deregister', nomad.volume),
        },
      ]
    : [];

/** The same image under several volumes of Nomad's: deleting one deletes the data of all. */
export const registeredTwice: Rule = ({ nomad }) =>
  (nomad?.twins ?? []).map(({ id, namespace }) => ({
    kind: 'registered-twice',
    part: 'nomad',
    severity: 'error',
    problem: `volume "${id}" in namespace "${namespace}" is the same image: both may be written at once, and deleting one deletes the data of both`,
    remedy: 'This makes Nomad forget the other one, whose data stays; use one of them.',
    command: nomadVolumeCommand('deregister', { ID: id, Namespace: namespace }),
  }));

/** A plugin that is missing, or of which too little is healthy. */
export const unhealthyPlugin: Rule = ({ nomad }) => {
  if (!nomad) return [];
  const { PluginID, ControllerRequired, ControllersHealthy, NodesHealthy, Schedulable } =
    nomad.volume;
  const missing: string[] = [];
  if (ControllerRequired && ControllersHealthy === 0) missing.push('no healthy controller');
  if (NodesHealthy === 0) missing.push('no healthy node');
  if (missing.length === 0 && Schedulable) return [];
  const found: Finding = {
    kind: 'plugin-unhealthy',
    part: 'nomad',
    severity: 'error',
    problem:
      missing.length === 0
        ? 'Nomad counts the volume as one that cannot be scheduled'
        : `plugin "${PluginID}" has ${missing.join(' and ')}`,
    remedy: 'This says why.',
    command: commandLine('pannier', 'nomad', 'check'),
  };
  return [found];
};
