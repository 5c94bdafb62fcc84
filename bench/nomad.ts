import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from '../test/lab/agent.js';
import { address, clientConfig, type Ports, serverConfig } from '../test/lab/nomad/config.js';
import { NomadUser } from '../test/lab/nomad/user.js';
import { ownPorts } from '../test/lab/ports.js';
import { goTool } from '../test/tools/build.js';
import type { Lab } from './lab.js';
import { configText, pannier } from './plugin.js';

const PLUGIN = 'pannier';

/** A Nomad on this machine, with Pannier as its plugin. */
export interface BenchNomad extends AsyncDisposable {
  readonly address: string;
  /** Nomad's own program. */
  readonly program: string;
}

/** Starts a server, a client and the plugin as a job of theirs, and has so many volumes created. */
export async function startNomad(lab: Lab, volumes: number): Promise<BenchNomad> {
  const program = await goTool('nomad');
  const ports = await ownPorts(6);
  const [server, client] = [portsFrom(ports, 0), portsFrom(ports, 3)];
  const home = (name: string) => join(lab.folder, name);
  const common = { acl: false, config: '', programs: [] };
  const agents = [
    new Agent(
      's',
      home('s'),
      program,
      serverConfig('s', home('s'), server, [server.serf], common),
      address(server.http),
    ),
    new Agent(
      'c',
      home('c'),
      program,
      await clientConfig('c', home('c'), client, [server.rpc], undefined, common),
      address(client.http),
    ),
  ] as const;
  const stop = () => Promise.all(agents.map((agent) => agent.stop('SIGKILL')));
  try {
    const user = new NomadUser(program, () => `http://${address(server.http)}`, undefined);
    agents[0].start();
    // A client that comes before there is a key tries again only after 15 s.
    await agents[0].answers(async () => {
      const { keys } = await user.get<{ keys: unknown[] | null }>('/.well-known/jwks.json');
      return keys?.[0];
    }, 'a leader and a key');
    agents[1].start();
    await runPlugin(user, lab);
    for (let at = 0; at < volumes; at += 1) await createVolume(user, lab, `bench-nomad-${at}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `http://${address(server.http)}`,
    program,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

function portsFrom(all: readonly number[], at: number): Ports {
  const [http = 0, rpc = 0, serf = 0] = all.slice(at);
  return { http, rpc, serf };
}

async function runPlugin(user: NomadUser, lab: Lab): Promise<void> {
  const folder = join(lab.folder, 'plugin');
  await mkdir(folder);
  const config = join(folder, 'pannier.hcl');
  // Nomad says where the socket is.
  await writeFile(config, configText(folder, 'controller', undefined, lab.cluster));
  const words = [...pannier(), 'plugin', 'run', `-config=${config}`].map((word) =>
    JSON.stringify(word),
  );
  await user.runJob(`job "pannier" {
  group "plugin" {
    task "plugin" {
      driver = "raw_exec"
      config {
        command = ${words[0]}
        args    = [${words.slice(1).join(', ')}]
      }
      csi_plugin {
        id        = "${PLUGIN}"
        type      = "controller"
        mount_dir = "/csi"
      }
      resources {
        cpu    = 100
        memory = 256
      }
    }
  }
}`);
  await user.until<{ readonly ControllersHealthy: number }>(
    `/v1/plugin/csi/${PLUGIN}`,
    ({ ControllersHealthy }) => ControllersHealthy === 1,
  );
}

async function createVolume(user: NomadUser, lab: Lab, name: string): Promise<void> {
  const file = join(lab.folder, `${name}.hcl`);
  await writeFile(
    file,
    `id        = "${name}"
name      = "${name}"
type      = "csi"
plugin_id = "${PLUGIN}"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
`,
  );
  await user.cli('volume', 'create', file);
}
