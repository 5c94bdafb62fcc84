import type { MesosView } from '../../inspect/known.js';
import type { AgentView } from '../../mesos/view.js';

/** What agents know of a volume; null where none does. */
export function mesosView(agents: readonly AgentView[], volumeId: string): MesosView | null {
  const views = agents.map(({ address, id, hostname, ...view }) => ({
    agent: { address, id, hostname },
    ...view,
  }));
  const about = <T extends { readonly volumeId: string | null }>(one: T) =>
    one.volumeId === volumeId;
  const disks = views.flatMap(({ agent, providers }) =>
    providers.flatMap(({ id, name, plugin, disks: all }) =>
      all.filter(about).map((disk) => ({
        ...disk,
        agent,
        provider: { id, name },
        plugin: `${plugin.type}.${plugin.name}`,
      })),
    ),
  );
  const uses = views.flatMap(({ agent, uses: all }) =>
    all.filter(about).map((use) => ({ ...use, agent })),
  );
  const operations = views.flatMap(({ agent, operations: all }) =>
    all.filter(about).map((operation) => ({ ...operation, agent })),
  );
  if (disks.length + uses.length + operations.length === 0) return null;
  return { disks, uses, operations, gaps: views.flatMap(({ gaps }) => gaps) };
}
