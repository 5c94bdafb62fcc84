import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tail } from '../../src/dev/run.js';
import { mesosTools } from '../tools/build.js';
import { Daemon } from './daemon.js';
import { labFolder } from './folder.js';
import { cgroupOf, cutPower } from './leftovers.js';
import { ageCheckpoints } from './mesos/boot.js';
import {
  type AgentFiles,
  type AgentPlaces,
  agentFlags,
  foldersOf,
  isolationFlags,
  masterFlags,
  modulesDocument,
} from './mesos/flags.js';
import { type Framework, startFramework } from './mesos/framework.js';
import { mountFreezer } from './mesos/freezer.js';
import { moduleProfiles } from './mesos/profiles.js';
import { ownPorts } from './ports.js';

/** Of a log, where a test failed. */
const SHOWN_LINES = 100;

export interface ProviderState {
  readonly resource_provider_info: {
    readonly id?: { readonly value: string };
    readonly name: string;
  };
  readonly total_resources?: readonly object[];
}

/** A master or an agent. Its log is without what it says of each request. */
class Mesosd extends Daemon {
  override get log(): string {
    return super.log.replace(/^.* http\.cpp:.*\n/gm, '');
  }
}

/** A Mesos agent on this machine. It can die and come back, and the machine can reboot under it. */
export class LabAgent {
  readonly places: AgentPlaces;

  constructor(
    readonly daemon: Daemon,
    readonly cgroup: string,
  ) {
    this.places = placesIn(daemon.folder);
    for (const path of foldersOf(this.places)) mkdirSync(path, { recursive: true });
  }

  get name(): string {
    return this.daemon.name;
  }

  get folder(): string {
    return this.daemon.folder;
  }

  /** Writes what it reads when it starts. */
  configure(files: AgentFiles): void {
    const { providerDir, csiPluginDir, profiles } = this.places;
    const write = (folder: string, documents: Readonly<Record<string, object>> = {}) => {
      for (const [name, document] of Object.entries(documents))
        writeFileSync(join(folder, name), JSON.stringify(document, undefined, 2));
    };
    write(providerDir, files.providers);
    write(csiPluginDir, files.csiPlugins);
    writeFileSync(profiles, moduleProfiles(files.profiles ?? { profile_matrix: {} }));
  }

  /** Asks its operator API, and returns what the answer has in the field of the call's name. */
  async ask<T>(type: string, body?: object): Promise<T> {
    const field = type.toLowerCase();
    const response = await fetch(`http://${this.daemon.address}/api/v1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ type, ...(body && { [field]: body }) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${type}: ${response.status} ${text}`);
    return (text === '' ? {} : (JSON.parse(text) as Record<string, T>)[field]) as T;
  }

  /** What the master calls it. */
  async id(): Promise<string> {
    const { agent_info } = await this.ask<{ agent_info: { id: { value: string } } }>('GET_AGENT');
    return agent_info.id.value;
  }

  /** How many executors, and their containers, have not ended. */
  async executors(): Promise<number> {
    const { executors = [] } = await this.ask<{ executors?: unknown[] }>('GET_EXECUTORS');
    return executors.length;
  }

  /** The resource providers that are connected, with what they have. */
  async providers(): Promise<readonly ProviderState[]> {
    const type = 'GET_RESOURCE_PROVIDERS';
    return (
      (await this.ask<{ resource_providers?: ProviderState[] }>(type)).resource_providers ?? []
    );
  }

  /** Starts it, with what it remembers, and waits until its resource providers are connected. */
  async start(): Promise<void> {
    const { csiPluginDir, providerDir } = this.places;
    this.daemon.start(isolationFlags(csiPluginDir, readdirSync(csiPluginDir).length > 0));
    const wanted = readdirSync(providerDir).length;
    await this.daemon.answers(async () => {
      const connected = await this.providers();
      return connected.length === wanted ? connected : undefined;
    }, `its ${wanted} resource providers`);
  }

  /** Ends the agent alone: tasks, plugins and mounts go on. */
  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.daemon.stop(signal);
  }

  kill(): Promise<void> {
    return this.daemon.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** The machine loses its power and boots anew: nothing runs or is mounted then, and files on disks stay. */
  async reboot(): Promise<void> {
    await this.kill();
    await cutPower(this.folder);
    const { runtimeDir, temporary, workDir } = this.places;
    for (const path of [runtimeDir, temporary]) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
    }
    ageCheckpoints(workDir);
  }
}

/** A real Mesos: a master, and agents on this machine, for a test file. */
export class LabMesos {
  readonly #agents: LabAgent[] = [];

  constructor(
    readonly folder: string,
    readonly master: Daemon,
    private readonly programs: string,
    private readonly cgroups: string,
  ) {}

  get agents(): readonly LabAgent[] {
    return this.#agents;
  }

  /**
   * An agent that is to be configured and started.
   *
   * @param under A command that starts it, given its own behind: it must become the agent.
   */
  async newAgent(under: (folder: string) => readonly string[] = () => []): Promise<LabAgent> {
    const name = `a${this.#agents.length + 1}`;
    const folder = join(this.folder, name);
    const [port = 0] = await ownPorts(1);
    const cgroup = cgroupOf(folder);
    const { programs: launcherDir, cgroups } = this;
    const program = { launcherDir, cgroups, cgroup };
    const env = agentFlags(placesIn(folder), port, this.master.address, program);
    const agent = new LabAgent(
      mesosd('agent', name, folder, launcherDir, port, env, under(folder)),
      cgroup,
    );
    writeFileSync(
      join(agent.places.modulesDir, 'profiles.json'),
      JSON.stringify(modulesDocument(launcherDir)),
    );
    this.#agents.push(agent);
    return agent;
  }

  /** A framework with a role. It ends with the test file. */
  framework(role: string): Promise<Framework> {
    return startFramework(role, this.master.address, this.folder);
  }
}

/** Starts a master; it is ended, and all agents with what they started, with the test file. */
export async function startMesos(): Promise<LabMesos> {
  const folder = labFolder();
  const programs = await mesosTools();
  const cgroups = mountFreezer(folder);
  const [port = 0] = await ownPorts(1);
  const home = join(folder, 'm');
  const master = mesosd('master', 'm', home, programs, port, masterFlags(home, port));
  const mesos = new LabMesos(folder, master, programs, cgroups);
  t.teardown(async () => {
    if (!t.passing())
      for (const { name, log } of [master, ...mesos.agents.map(({ daemon }) => daemon)])
        t.comment(`${name}: ${tail(log, SHOWN_LINES)}`);
    // An agent that lives would start again what is ended of its containers.
    await Promise.all([master, ...mesos.agents].map((one) => one.stop('SIGKILL')));
    await cutPower(folder);
  });
  master.start();
  await master.answers(async () => {
    const response = await fetch(`http://${master.address}/master/health`);
    return response.ok ? response : undefined;
  }, 'its health');
  return mesos;
}

/** A link to mesosd in its own folder: whatever runs is then found by its path, and ended. */
function mesosd(
  kind: 'master' | 'agent',
  name: string,
  folder: string,
  programs: string,
  port: number,
  env: NodeJS.ProcessEnv,
  under: readonly string[] = [],
): Daemon {
  mkdirSync(folder, { recursive: true });
  const link = join(folder, 'mesosd');
  symlinkSync(join(programs, 'mesosd'), link);
  const [program = link, ...args] = [...under, link, kind];
  return new Mesosd(name, folder, program, args, `127.0.0.1:${port}`, env);
}

function placesIn(folder: string): AgentPlaces {
  return {
    workDir: join(folder, 'w'),
    runtimeDir: join(folder, 'r'),
    providerDir: join(folder, 'rp'),
    csiPluginDir: join(folder, 'csi'),
    modulesDir: join(folder, 'modules'),
    profiles: join(folder, 'profiles'),
    temporary: join(folder, 't'),
  };
}
