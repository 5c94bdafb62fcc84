import type { MesosStatus } from './gather.js';

/** What -json and -t have of it: every key is there, null where it is not known or there is none. */
export function statusData({ agents, disks, others, sources }: MesosStatus): unknown {
  return {
    agents: agents.map(({ address, id, hostname, providers, operations, containers, gaps }) => ({
      ...{ address, id, hostname },
      providers: providers.map(({ disks: ofProvider, containers: its, ...provider }) => ({
        ...provider,
        disks: ofProvider.length,
        containers: its.map(containerData),
      })),
      operations,
      containers: containers.map(containerData),
      gaps,
    })),
    disks: disks.map(({ agent, provider, ...disk }) => ({
      agent: agent.address,
      provider: provider.name,
      ...disk,
    })),
    others: others ?? null,
    sources,
  };
}

function containerData({ id, pid }: { readonly id: string; readonly pid: number | undefined }) {
  return { id, pid: pid ?? null };
}
