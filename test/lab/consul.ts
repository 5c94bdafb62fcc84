import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { goTool } from '../tools/build.js';
import { Agent } from './agent.js';
import { ownEnvironment } from './daemon.js';
import { labFolder } from './folder.js';
import { ownPorts } from './ports.js';

const CLI_LIMIT_MS = 60_000;
const quote = JSON.stringify;

/** A real Consul, one server, that can stop and come back with its data. */
export class LabConsul {
  constructor(
    readonly agent: Agent,
    readonly program: string,
    /** Of the administrator; undefined where there are no ACLs. */
    readonly token: string | undefined,
  ) {}

  /** Of its HTTP API: "127.0.0.1:20000". */
  get address(): string {
    return this.agent.address;
  }

  /** For programs that use Consul. */
  get env(): NodeJS.ProcessEnv {
    return { ...ownEnvironment(), CONSUL_HTTP_ADDR: this.address };
  }

  /** Runs `consul` as the administrator and returns what it printed. A failure's error has its `code`, `stdout` and `stderr`. */
  async cli(...args: string[]): Promise<string> {
    const env = { ...this.env, ...(this.token && { CONSUL_HTTP_TOKEN: this.token }) };
    const options = { env, timeout: CLI_LIMIT_MS };
    return (await promisify(execFile)(this.program, args, options)).stdout;
  }

  async get<T>(path: string): Promise<T> {
    const headers = this.token === undefined ? {} : { 'x-consul-token': this.token };
    const response = await fetch(`http://${this.address}${path}`, { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Starts it, with the data that it has, and waits for a leader. */
  async start(): Promise<void> {
    this.agent.start();
    await this.agent.answers(async () => {
      const leader = await this.get<string>('/v1/status/leader');
      // Until the leader has written its own entry, it answers without a catalogue.
      const nodes = await this.get<unknown[]>('/v1/catalog/nodes');
      return leader === '' ? undefined : nodes[0];
    }, 'a leader');
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.agent.stop(signal);
  }
}

export interface ConsulOptions {
  /** Appended to its configuration. */
  readonly config?: string;
  /** Who has no token may do nothing. */
  readonly acls?: boolean;
}

/** Starts a Consul for a test file; it is ended, and cleaned, with it. */
export async function startConsul(options: ConsulOptions = {}): Promise<LabConsul> {
  const folder = labFolder();
  const program = await goTool('consul');
  const token = options.acls ? randomUUID() : undefined;
  const [http = 0, server = 0, lan = 0] = await ownPorts(3);
  const text = `node_name = "consul"
data_dir  = ${quote(join(folder, 'data'))}
bind_addr = "127.0.0.1"
server    = true

bootstrap_expect     = 1
disable_update_check = true
leave_on_terminate   = false

ports {
  http     = ${http}
  server   = ${server}
  serf_lan = ${lan}
  serf_wan = -1
  dns      = -1
  grpc     = -1
  grpc_tls = -1
}
performance {
  raft_multiplier = 1
}
${token === undefined ? '' : aclConfig(token)}
${options.config ?? ''}
`;
  const agent = new Agent('consul', folder, program, text, `127.0.0.1:${http}`, '-config-file');
  t.teardown(() => agent.stop('SIGKILL'));
  const consul = new LabConsul(agent, program, token);
  await consul.start();
  return consul;
}

function aclConfig(token: string): string {
  return `acl {
  enabled        = true
  default_policy = "deny"
  tokens {
    initial_management = ${quote(token)}
    agent              = ${quote(token)}
  }
}`;
}
