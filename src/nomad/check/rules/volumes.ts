import { isOver } from '../../allocations.js';
import type { VolumeStub } from '../../volumes.js';
import type { Finding, Rule } from '../finding.js';

/** `volume "data"`, with its namespace where that is not the default one. */
function volumeWords({ ID, Namespace }: Pick<VolumeStub, 'ID' | 'Namespace'>): string {
  return Namespace === 'default' ? `volume "${ID}"` : `volume "${ID}" in namespace "${Namespace}"`;
}

/** Volumes of a plugin that is not there, or is another one by now. */
export const orphans: Rule = ({ volumes = [], plugins }) =>
  plugins === undefined
    ? []
    : volumes.flatMap((volume): Finding[] => {
        const plugin = plugins.find(({ ID }) => ID === volume.PluginID);
        if (plugin === undefined)
          return [
            {
              kind: 'volume-without-plugin',
              severity: 'error',
              subject: volumeWords(volume),
              problem: `its plugin "${volume.PluginID}" is not there`,
              reason: 'nobody can mount it, and its claims are not freed',
              remedy:
                'Run the job of that plugin; a volume cannot be given to another one: where the plugin is gone for good, deregister it and register its external_id with another plugin_id.',
            },
          ];
        if (volume.Provider === '' || plugin.Provider === '' || volume.Provider === plugin.Provider)
          return [];
        return [
          {
            kind: 'provider-differs',
            severity: 'error',
            subject: volumeWords(volume),
            problem: `it was made by "${volume.Provider}", and plugin "${plugin.ID}" is "${plugin.Provider}" now`,
            reason: 'Nomad refuses every change of the volume',
            remedy: `Give the plugin its name back: driver_name = "${volume.Provider}" in its configuration.`,
          },
        ];
      });

/** The same image under several volumes. */
export const twins: Rule = ({ volumes = [] }) => {
  const images = Map.groupBy(volumes, ({ PluginID, ExternalID }) => `${PluginID} ${ExternalID}`);
  return [...images.values()]
    .filter((all) => all.length > 1)
    .map((all) => ({
      kind: 'registered-twice',
      severity: 'error',
      subject: all.map(volumeWords).join(' and '),
      problem: `all of them are "${all[0]?.ExternalID}"`,
      reason: 'both may be written at once, and deleting one deletes the data of all',
      remedy: 'Keep one of them, and `nomad volume deregister` the others.',
    }));
};

/** Claims of allocations that are over. */
export const stuckClaims: Rule = ({ claimed = [] }) =>
  claimed.flatMap((volume): Finding[] => {
    const ids = [...Object.keys(volume.WriteAllocs), ...Object.keys(volume.ReadAllocs)];
    const stuck = ids.filter((id) => {
      const allocation = volume.Allocations.find(({ ID }) => ID === id);
      return allocation === undefined || isOver(allocation);
    });
    if (stuck.length === 0) return [];
    return [
      {
        kind: 'claim-stuck',
        severity: 'error',
        subject: volumeWords(volume),
        problem: `it is claimed by ${stuck.length === 1 ? 'an allocation' : `${stuck.length} allocations`} that ${stuck.length === 1 ? 'is' : 'are'} over: ${stuck.map((id) => id.slice(0, 8)).join(', ')}`,
        reason: 'a volume for one writer is not given to another as long as it is claimed',
        remedy: `Nomad looks for such claims every five minutes; \`nomad system gc\` has it look now, and \`pannier volume inspect ${volume.ID}\` says what holds it then.`,
      },
    ];
  });
