import { readAgent } from '../../mesos/view.js';
import { CommandError, EXIT, failureOf } from '../errors.js';
import { openPlugin } from '../plugin.js';
import type { Leftover, Mendable } from './finding.js';
import { leftContainers } from './left-containers.js';
import { leftImages } from './left-images.js';
import { workDirOf } from './local.js';
import type { Agents } from './open.js';
import { localControllers } from './plugins.js';

/** What was found, and what could not be looked at. */
export interface Collected {
  readonly findings: readonly Leftover[];
  readonly gaps: ReadonlyArray<{ readonly part: string; readonly problem: string }>;
}

/**
 * Finds what Mesos left behind on this machine, and takes it away with `fix`. Plugins are the one at `endpoint`, or
 * those that the agents run. Throws CommandError where no agent runs on this machine.
 */
export async function collect(
  { agents }: Agents,
  endpoint: string | undefined,
  fix: boolean,
): Promise<Collected> {
  const views = await Promise.all(
    agents.map(async (agent) => ({ agent, view: await readAgent(agent) })),
  );
  const here = views.flatMap(({ agent, view }) => {
    const workDir = workDirOf(view);
    return workDir === undefined ? [] : [{ agent, view, workDir }];
  });
  if (here.length === 0)
    throw new CommandError('no agent that was asked has its work directory on this machine', {
      code: 'FAILED_PRECONDITION',
      exitCode: EXIT.usage,
      remedy: 'Run it on the machine of the agent, as a user who may read there.',
    });
  const gaps: Array<{ part: string; problem: string }> = [];
  const found: Leftover[] = [];
  const take = async (findings: readonly Mendable[]) => {
    for (const one of findings) found.push(await mended(one, fix));
  };
  const incomplete = here.flatMap(({ view }) => view.gaps);
  gaps.push(...incomplete);
  const endpoints = endpoint ? [endpoint] : await localControllers(here.map(({ view }) => view));
  if (endpoints.length === 0)
    gaps.push({ part: 'images', problem: 'no resource provider runs a plugin here now' });
  const place = {
    agents: () => Promise.all(here.map(({ agent }) => readAgent(agent))),
    workDirs: here.map(({ workDir }) => workDir),
  };
  // What an agent does not tell may be what knows a volume.
  for (const each of incomplete.length > 0 ? [] : new Set(endpoints)) {
    await using plugin = openPlugin(each);
    try {
      await take(await leftImages({ plugin, ...place }));
    } catch (error) {
      gaps.push({ part: 'images', problem: failureOf(error).message });
    }
  }
  for (const { agent, view, workDir } of here) {
    const { findings, problem } = await leftContainers(agent, view, workDir);
    if (problem !== undefined) gaps.push({ part: 'containers', problem });
    await take(findings);
  }
  return { findings: found, gaps };
}

async function mended({ mend, ...finding }: Mendable, fix: boolean): Promise<Leftover> {
  if (!fix || mend === undefined) return { ...finding, fixed: false };
  try {
    await mend();
    return { ...finding, fixed: true };
  } catch (error) {
    return { ...finding, problem: `${finding.problem}; ${failureOf(error).message}`, fixed: false };
  }
}
