import { isOver } from '../../allocations.js';
import type { Finding, FindingKind, Rule } from '../finding.js';

interface Known {
  readonly says: RegExp;
  readonly kind: FindingKind;
  readonly reason: string;
  readonly remedy: string;
}

/** What drivers say when a client's configuration keeps a plugin from running. */
const KNOWN: readonly Known[] = [
  {
    says: /privileged mode is disabled/i,
    kind: 'privileged-not-allowed',
    reason: 'the job asks for a privileged container',
    remedy: 'Set allow_privileged = true in plugin "docker" { config { … } } of that client.',
  },
  {
    says: /does not allow the following capabilities/i,
    kind: 'capability-not-allowed',
    reason: 'without sys_admin a plugin cannot mount',
    remedy:
      'Add the capabilities to allow_caps in plugin "docker" { config { … } } of that client, beside those that Docker allows by itself.',
  },
  {
    says: /volumes are not enabled/i,
    kind: 'host-paths-not-allowed',
    reason: 'the job mounts paths of the host',
    remedy: 'Set volumes { enabled = true } in plugin "docker" { config { … } } of that client.',
  },
  {
    says: /not a shared mount|not a shared or slave mount/i,
    kind: 'data-dir-not-shared',
    reason: 'what the plugin mounts in its container must be seen by those of jobs',
    remedy:
      'Put the data_dir of that client on a shared mount: mount --bind DIR DIR && mount --make-shared DIR, and have that done at each boot.',
  },
];

/** What went wrong with allocations of plugins that have not got over it. */
export const failedTasks: Rule = ({ pluginAllocations = [] }) =>
  pluginAllocations
    .filter((one) => !isOver(one) || one.ClientStatus === 'failed')
    .flatMap(({ ID, JobID, NodeName, TaskStates }) =>
      Object.values(TaskStates ?? {}).flatMap(({ State, Events }): Finding[] => {
        const said = (Events ?? []).map(({ DisplayMessage }) => DisplayMessage);
        const found = KNOWN.flatMap((known) => {
          const message = said.findLast((text) => known.says.test(text));
          return message === undefined ? [] : [{ known, message }];
        });
        // One that runs has got over what went wrong before.
        if (State === 'running') return [];
        return found.map(({ known: { kind, reason, remedy }, message }) => ({
          ...{ kind, severity: 'error' as const, reason, remedy },
          subject: `job "${JobID}" on client "${NodeName}"`,
          problem: `allocation ${ID.slice(0, 8)} failed: ${message}`,
        }));
      }),
    );
