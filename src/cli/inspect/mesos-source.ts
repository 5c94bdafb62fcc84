import { MesosError } from '../../mesos/errors.js';
import { MESOS_VARIABLES, type MesosFlags } from '../../mesos/settings.js';
import { type AgentView, readAgent } from '../../mesos/view.js';
import { openAgents } from '../mesos/open.js';
import { type LocalPlugin, localPlugins } from '../mesos/plugins.js';

/** Mesos, of which a volume is asked. */
export interface AskedMesos extends Disposable {
  /** The agents', with commas between. */
  readonly address: string;
  /** What each of them knows now. Fails with MesosError where one does not answer. */
  read(): Promise<readonly AgentView[]>;
  /** Plugins that they run on this machine; none where they do not answer. */
  local(): Promise<readonly LocalPlugin[]>;
}

/** Opens Mesos; undefined where nobody said where it is, and none answers on this machine. Throws MesosError. */
export async function openMesos(
  flags: MesosFlags,
  env: NodeJS.ProcessEnv,
): Promise<AskedMesos | undefined> {
  const opened = await openAgents(flags, env).catch((error: unknown) => {
    if (error instanceof MesosError && error.code !== 'CONFIG') return error;
    throw error;
  });
  if (opened instanceof MesosError) return silent(opened, flags, env);
  const read = () => Promise.all(opened.agents.map(readAgent));
  const mesos = {
    address: opened.agents.map(({ address }) => address.text).join(','),
    read,
    async local() {
      const views = await read().catch(() => []);
      return (await Promise.all(views.map(localPlugins))).flat();
    },
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
  if (opened.named || (await read().catch(() => undefined))) return mesos;
  opened[Symbol.dispose]();
  return undefined;
}

/** A master that was named, and does not tell where its agents are. */
function silent(error: MesosError, { master }: MesosFlags, env: NodeJS.ProcessEnv): AskedMesos {
  return {
    address: master || (env[MESOS_VARIABLES.master] ?? ''),
    read: () => Promise.reject(error),
    local: async () => [],
    [Symbol.dispose]() {},
  };
}
