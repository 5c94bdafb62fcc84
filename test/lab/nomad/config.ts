import { cgroupOf } from '../leftovers.js';
import { chrootFiles } from './chroot.js';

/** What the agents of one Nomad have in common. */
export interface Common {
  /** The IP address that they listen at: LOOPBACK where none is given. */
  readonly host?: string;
  readonly acl: boolean;
  /** HCL that is appended to every agent's configuration. */
  readonly config: string;
  /** Programs besides the usual ones that tasks of the exec driver can run, by their paths. */
  readonly programs: readonly string[];
}

export interface Ports {
  readonly http: number;
  readonly rpc: number;
  readonly serf: number;
}

export interface DockerOptions {
  /** "unix:///path/to/docker.sock". */
  readonly endpoint: string;
  /** Capabilities that tasks may have besides the driver's own list. */
  readonly allowCaps: readonly string[];
}

/** What jobs get ports from: above those of agents and Ceph, and in most cases this process's alone. */
const JOB_PORTS = 100;
const FIRST_JOB_PORT = 28_000 + (process.pid % 45) * JOB_PORTS;

/** What Docker gives to every container. */
const DOCKER_CAPS = [
  ...['audit_write', 'chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'mknod'],
  ...['net_bind_service', 'setfcap', 'setgid', 'setpcap', 'setuid', 'sys_chroot'],
];

const LOOPBACK = '127.0.0.1';

const quote = JSON.stringify;

export function address(port: number, host = LOOPBACK): string {
  return `${host}:${port}`;
}

/** A server that waits for its peers, given by their serf ports. Clients that are silent are soon down. */
export function serverConfig(
  name: string,
  folder: string,
  ports: Ports,
  peers: readonly number[],
  common: Common,
): string {
  return `${agentConfig(name, folder, ports, common)}
server {
  enabled          = true
  bootstrap_expect = ${peers.length}
  raft_multiplier  = 1

  min_heartbeat_ttl      = "3s"
  heartbeat_grace        = "4s"
  failover_heartbeat_ttl = "15s"

  server_join {
    retry_join     = ${quote(peers.map((port) => address(port, common.host)))}
    retry_interval = "1s"
  }
}
`;
}

/** A client with its state and its allocations in folders whose paths are short: sockets are in them. */
export async function clientConfig(
  name: string,
  folder: string,
  ports: Ports,
  servers: readonly number[],
  docker: DockerOptions | undefined,
  common: Common,
): Promise<string> {
  const files = [...(await chrootFiles(common.programs))].map(
    ([from, to]) => `    ${quote(from)} = ${quote(to)}`,
  );
  return `${agentConfig(name, folder, ports, common)}
client {
  enabled           = true
  servers           = ${quote(servers.map((port) => address(port, common.host)))}
  network_interface = "lo"
  cpu_total_compute = 16000
  min_dynamic_port  = ${FIRST_JOB_PORT}
  max_dynamic_port  = ${FIRST_JOB_PORT + JOB_PORTS - 1}
  state_dir         = ${quote(`${folder}/s`)}
  alloc_dir         = ${quote(`${folder}/a`)}
  cgroup_parent     = ${quote(`/${cgroupOf(folder)}`)}

  options {
    # They would ask a cloud that is not there.
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean"
  }
  chroot_env {
${files.join('\n')}
  }
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
${docker === undefined ? '' : dockerPlugin(docker)}`;
}

function agentConfig(
  name: string,
  folder: string,
  ports: Ports,
  { host = LOOPBACK, acl, config }: Common,
): string {
  const { http, rpc, serf } = ports;
  return `name      = ${quote(name)}
data_dir  = ${quote(`${folder}/d`)}
bind_addr = ${quote(host)}
log_level = "DEBUG"

disable_update_check = true

ports {
  http = ${http}
  rpc  = ${rpc}
  serf = ${serf}
}
advertise {
  http = ${quote(address(http, host))}
  rpc  = ${quote(address(rpc, host))}
  serf = ${quote(address(serf, host))}
}
acl {
  enabled = ${acl}
}
consul {
  auto_advertise   = false
  server_auto_join = false
  client_auto_join = false
}
${config}
`;
}

function dockerPlugin({ endpoint, allowCaps }: DockerOptions): string {
  return `plugin "docker" {
  config {
    endpoint   = ${quote(endpoint)}
    allow_caps = ${quote([...DOCKER_CAPS, ...allowCaps])}
    volumes {
      enabled = true
    }
    gc {
      image = false
    }
  }
}
`;
}
