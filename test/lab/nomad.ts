import { copyFileSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { goTool } from '../tools/build.js';
import { Agent } from './agent.js';
import { labFolder } from './folder.js';
import { cutPower } from './leftovers.js';
import {
  address,
  clientConfig,
  type DockerOptions,
  type Ports,
  serverConfig,
} from './nomad/config.js';
import { NomadUser } from './nomad/user.js';
import { ownPorts } from './ports.js';

export interface NomadOptions {
  /** The IP address that all of it listens at: 127.0.0.1 where none is given. */
  readonly host?: string;
  /** One by default; three or more elect another leader when theirs is gone. */
  readonly servers?: number;
  /** One by default. All of them are on this machine, each with drivers raw_exec, exec, mock_driver. */
  readonly clients?: number;
  readonly acl?: boolean;
  /** Gives the clients the docker driver. */
  readonly docker?: DockerOptions;
  /** HCL that is appended to every agent's configuration. */
  readonly config?: string;
  /** Programs besides the usual ones that tasks of the exec driver can run, by their paths. */
  readonly programs?: readonly string[];
}

interface NodeInfo {
  readonly ID: string;
  readonly Status: string;
  readonly Drivers: Readonly<Record<string, { readonly Healthy: boolean } | null>> | null;
}

/** A client of a Nomad's. Its agent can die and come back, with what it remembers or without. */
export class LabClient {
  #nodeId = '';

  constructor(
    readonly agent: Agent,
    readonly nomad: NomadUser,
    readonly drivers: readonly string[],
  ) {}

  get name(): string {
    return this.agent.name;
  }

  /** Nomad's full id of the node. */
  get nodeId(): string {
    return this.#nodeId;
  }

  /** Where the sockets of CSI plugins, staging paths and targets are, below `csi`. */
  get stateDir(): string {
    return join(this.agent.folder, 's');
  }

  get allocDir(): string {
    return join(this.agent.folder, 'a');
  }

  /** What a raw_exec plugin of type monolith must have as `stage_publish_base_dir`. */
  publishDir(pluginId: string): string {
    return join(this.stateDir, 'csi', 'monolith', pluginId);
  }

  /** Starts the agent, with what it remembers, and waits until jobs can be placed there. */
  async start(): Promise<void> {
    this.agent.start();
    const own = new NomadUser('', () => `http://${this.agent.address}`, this.nomad.token);
    this.#nodeId = await this.agent.answers(async () => {
      const self = await own.get<{ stats: { client?: { node_id: string } } }>('/v1/agent/self');
      return self.stats.client?.node_id;
    }, 'its node');
    await this.nomad.until<NodeInfo>(
      `/v1/node/${this.#nodeId}`,
      ({ Status, Drivers }) =>
        Status === 'ready' && this.drivers.every((driver) => Drivers?.[driver]?.Healthy),
    );
  }

  /** Ends the agent alone: tasks and mounts go on. */
  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.agent.stop(signal);
  }

  /** Ends the agent as `kill -9` does: tasks and mounts go on. */
  kill(): Promise<void> {
    return this.agent.stop('SIGKILL');
  }

  /** The machine loses its power: agent, tasks, mounts and devices are gone, files stay. */
  async cutPower(): Promise<void> {
    await this.kill();
    await cutPower(this.agent.folder);
  }

  /** Takes away all that a client that does not run remembers, its node's id too. */
  forget(): void {
    if (this.agent.runs) throw new Error(`${this.name} runs`);
    for (const name of ['d', 's', 'a'])
      rmSync(join(this.agent.folder, name), { recursive: true, force: true });
  }
}

/** A real Nomad, whose agents run on this machine for a test file. Methods ask as its administrator. */
export class LabNomad extends NomadUser {
  constructor(
    readonly folder: string,
    /** Nomad's own program. */
    readonly program: string,
    readonly servers: readonly Agent[],
    readonly clients: readonly LabClient[],
    token: string | undefined,
  ) {
    super(program, () => addressOf(servers), token);
  }

  /** The only client, or the first. */
  get client(): LabClient {
    const [first] = this.clients;
    if (first === undefined) throw new Error('this Nomad has no client');
    return first;
  }

  /** The server that leads now. */
  async leader(): Promise<Agent> {
    const rpc = await this.get<string>('/v1/status/leader');
    const members = await this.get<{ Members: readonly Member[] }>('/v1/agent/members');
    const name = members.Members.find(({ Tags }) => rpc.endsWith(`:${Tags.port}`))?.Name;
    const leader = this.servers.find((server) => name?.startsWith(`${server.name}.`));
    if (leader === undefined) throw new Error(`no server of ours leads: ${rpc}, ${name}`);
    return leader;
  }

  /** Waits until a CSI plugin has so many healthy controllers and nodes. */
  async pluginHealthy(id: string, controllers: number, nodes: number): Promise<void> {
    await this.until<{ ControllersHealthy: number; NodesHealthy: number }>(
      `/v1/plugin/csi/${id}`,
      (plugin) => plugin.ControllersHealthy === controllers && plugin.NodesHealthy === nodes,
    );
  }
}

interface Member {
  readonly Name: string;
  readonly Tags: Readonly<Record<string, string>>;
}

/** Starts servers, then clients; all of it is ended, and cleaned, with the test file. */
export async function startNomad(options: NomadOptions = {}): Promise<LabNomad> {
  const { servers = 1, clients = 1, acl = false, config = '', docker, programs = [] } = options;
  const host = options.host === undefined ? {} : { host: options.host };
  const folder = labFolder();
  const program = await goTool('nomad');
  const agentOf = (name: string, home: string, config: string, { http }: Ports) =>
    new Agent(name, home, linkBelow(home, program), config, address(http, options.host));
  const common = { ...host, acl, config, programs };
  const serverPorts = await portsFor(servers);
  const peers = serverPorts.map(({ serf }) => serf);
  const serverAgents = serverPorts.map((ports, index) => {
    const [name, home] = placeOf(folder, 's', index);
    return agentOf(name, home, serverConfig(name, home, ports, peers, common), ports);
  });
  const all = [...serverAgents];
  t.teardown(async () => {
    // An agent that lives would start again what is ended of its tasks.
    await Promise.all(all.map((agent) => agent.stop('SIGKILL')));
    await cutPower(folder);
  });
  const token = await startServers(serverAgents, acl);

  const admin = new NomadUser(program, () => addressOf(serverAgents), token);
  const drivers = ['raw_exec', 'exec', 'mock_driver', ...(docker === undefined ? [] : ['docker'])];
  const labClients: LabClient[] = [];
  for (const [index, ports] of (await portsFor(clients)).entries()) {
    const [name, home] = placeOf(folder, 'c', index);
    const rpcs = serverPorts.map(({ rpc }) => rpc);
    const text = await clientConfig(name, home, ports, rpcs, docker, common);
    const agent = agentOf(name, home, text, ports);
    all.push(agent);
    labClients.push(new LabClient(agent, admin, drivers));
  }
  await Promise.all(labClients.map((client) => client.start()));
  return new LabNomad(folder, program, serverAgents, labClients, token);
}

/** Starts servers and waits until they lead and can sign. Returns the administrator's token, where there is ACL. */
async function startServers(servers: readonly Agent[], acl: boolean): Promise<string | undefined> {
  for (const server of servers) server.start();
  const nobody = new NomadUser('', () => addressOf(servers), undefined);
  const [first] = servers;
  if (first === undefined) throw new Error('a Nomad needs a server');
  // A client that comes before there is a key tries again only after 15 s.
  await first.answers(async () => {
    const { keys } = await nobody.get<{ keys: unknown[] | null }>('/.well-known/jwks.json');
    return keys?.[0];
  }, 'a leader and a key');
  if (!acl) return undefined;
  return (await nobody.put<{ SecretID: string }>('/v1/acl/bootstrap')).SecretID;
}

/** A link to a program in an agent's folder: whatever is started from it is found by its path, and ended. */
function linkBelow(folder: string, program: string): string {
  const own = join(folder, basename(program));
  mkdirSync(folder, { recursive: true });
  try {
    linkSync(program, own);
  } catch {
    // It is on another file system.
    copyFileSync(program, own);
  }
  return own;
}

async function portsFor(agents: number): Promise<Ports[]> {
  const ports = await ownPorts(agents * 3);
  return Array.from({ length: agents }, (_, index) => {
    const [http = 0, rpc = 0, serf = 0] = ports.slice(index * 3);
    return { http, rpc, serf };
  });
}

function placeOf(folder: string, letter: 's' | 'c', index: number): [string, string] {
  const name = `${letter}${index + 1}`;
  return [name, join(folder, name)];
}

function addressOf(servers: readonly Agent[]): string {
  const server = servers.find(({ runs }) => runs) ?? servers[0];
  return `http://${server?.address}`;
}
