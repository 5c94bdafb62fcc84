import { killContainer, waitContainer } from '../../mesos/agent.js';
import type { MesosClient } from '../../mesos/client.js';
import type { AgentView } from '../../mesos/view.js';
import type { Mendable } from './finding.js';
import { configuredPrefixes, isLeft, mountedOf, pluginOf } from './local.js';

/** Containers of plugins that are not configured any more; a problem where that cannot be told. */
export async function leftContainers(
  agent: MesosClient,
  view: AgentView,
  workDir: string,
): Promise<{ readonly findings: readonly Mendable[]; readonly problem: string | undefined }> {
  const configured = await configuredPrefixes(view);
  if ('problem' in configured) return { findings: [], ...configured };
  const findings: Mendable[] = [];
  for (const { id } of view.containers.filter((one) => isLeft(configured.prefixes, one.id))) {
    const plugin = await pluginOf(workDir, id);
    if (plugin === undefined) continue;
    const mounted = mountedOf(workDir, plugin);
    const finding = {
      kind: 'container-without-plugin',
      subject: `container "${id}"`,
      problem: `the agent at ${view.address} runs it, and no file of its configuration has such a plugin`,
    };
    findings.push(
      mounted.length > 0
        ? {
            ...finding,
            problem: `${finding.problem}; volumes are mounted through it: ${mounted.join(', ')}`,
            remedy: null,
            mend: undefined,
          }
        : {
            ...finding,
            remedy: 'end the container',
            async mend() {
              await killContainer(agent, id);
              await waitContainer(agent, id);
            },
          },
    );
  }
  return { findings, problem: undefined };
}
