import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/cli/package.js';
import { type LabCeph, startCeph } from '../../lab/ceph.js';
import { startDocker } from '../../lab/docker.js';
import { labFolder } from '../../lab/folder.js';
import { serveFile } from '../../lab/http.js';
import { ensureLoops } from '../../lab/loops.js';
import { type Allocation, ended, running } from '../../lab/nomad/allocations.js';
import { type LabNomad, startNomad } from '../../lab/nomad.js';
import { pluginImage, redisImage, tarball } from '../../lab/packages.js';
import { pannierProgram } from '../../lab/plugin.js';

/** What specifications made for ceph-csi call the cluster. */
export const CLUSTER_ID = 'b9127830-b0cc-4e34-aa47-9d1a2e9949a8';

/** How the plugin runs, by Docker or raw_exec, and the jobs that use its volumes, by Docker or exec. */
export type Kind = 'docker' | 'exec';

export const FOLDER = join(packageRoot(), 'jobspecs', 'nomad');

/** The CSI plugin that the example volumes name. */
const PLUGIN = 'pannier';
/** The jobs of the plugin that have Ceph's key. */
const JOBS = ['pannier-controller', 'pannier-node', 'pannier'];
/** What the example jobs call a Debian: none can be pulled here. */
const DEBIAN = 'debian:bookworm-slim';
/** What the example jobs run by the exec driver. */
const PROGRAMS = ['/bin/date', '/usr/bin/redis-server', '/usr/bin/redis-cli'];
/** A task that is only there so that Nomad gives the group a volume. */
const HOLDER = 'hold';
/** Runs a command, and says at the end that it has. */
const MARKED = '"$@"; status=$?; echo "$0"; exit $status';
const MARK = '(this is all of it)';
/** How often a command is run whose output does not arrive. */
const TRIES = 5;
/** Other tests use loop devices at the same time. */
const LOOPS = 32;
const LIMIT_MS = 60_000;

/** What tests look at in a volume, as Nomad's API tells it. */
interface Volume {
  readonly ExternalID: string;
  readonly ReadAllocs: Readonly<Record<string, unknown>> | null;
  readonly WriteAllocs: Readonly<Record<string, unknown>> | null;
}

type Variables = Readonly<Record<string, string>>;

/** A Nomad and a Ceph, and a web server with Pannier's package: what a site has that follows the guide. */
export class JobspecSite {
  /** The files of jobspecs/nomad that were used, relative to it. */
  readonly used = new Set<string>();

  constructor(
    readonly kind: Kind,
    readonly folder: string,
    readonly ceph: LabCeph,
    readonly nomad: LabNomad,
    readonly packageUrl: string,
  ) {}

  /** The folder of the example jobs for this kind of site. */
  get examples(): string {
    return `examples/${this.kind}`;
  }

  /** Runs a job file as it stands, with what its variables are here, and returns the job's id. */
  async run(file: string, more: Variables = {}): Promise<string> {
    const text = this.#read(file);
    const flags = Object.entries({ ...this.#variables(), ...more })
      .filter(([name]) => text.includes(`variable "${name}"`))
      .map(([name, value]) => `-var=${name}=${value}`);
    await this.nomad.cli('job', 'run', '-detach', ...flags, join(FOLDER, file));
    const id = /^job "([^"]+)"/m.exec(text)?.[1];
    if (id === undefined) throw new Error(`no job in ${file}`);
    return id;
  }

  /** Runs an example job, and returns its allocations once they run. */
  async runExample(name: string, count = 1): Promise<Allocation[]> {
    return running(this.nomad, await this.run(`${this.examples}/${name}.nomad.hcl`), { count });
  }

  async stop(job: string): Promise<void> {
    await this.nomad.cli('job', 'stop', '-detach', '-purge', job);
    await ended(this.nomad, job);
  }

  /** Runs the plugin, as controller and node or as a monolith, and waits until all of it is healthy. */
  async runPlugin(...parts: readonly ('controller' | 'node' | 'monolith')[]): Promise<void> {
    for (const part of parts) await this.run(`${this.kind}/${part}.nomad.hcl`);
    if (parts.includes('controller')) await running(this.nomad, 'pannier-controller', { count: 2 });
    // Nomad counts the controllers of a client as one.
    await this.nomad.pluginHealthy(PLUGIN, 1, 1);
  }

  async pluginGone(): Promise<void> {
    await this.nomad.until<readonly unknown[]>('/v1/plugins?type=csi', (all) => all.length === 0);
  }

  /** The path of an example volume's specification. */
  spec(name: string): string {
    const file = `examples/${name}.volume.hcl`;
    this.used.add(file);
    return join(FOLDER, file);
  }

  /** Runs our own command line against this Nomad. */
  async pannier(...args: string[]): Promise<string> {
    const [node, program] = pannierProgram();
    const { stdout } = await promisify(execFile)(node, [program, ...args], {
      env: this.nomad.env,
      timeout: LIMIT_MS,
    });
    return stdout;
  }

  /** Creates an example's volume by Nomad's own command, and returns its external id. */
  async createVolume(name: string): Promise<string> {
    await this.nomad.cli('volume', 'create', this.spec(name));
    return (await this.nomad.get<Volume>(`/v1/volume/csi/${name}`)).ExternalID;
  }

  /** Waits until nobody has a claim on a volume. */
  async unclaimed(id: string): Promise<void> {
    await this.nomad.until<Volume>(
      `/v1/volume/csi/${encodeURIComponent(id)}`,
      ({ ReadAllocs, WriteAllocs }) => Object.keys({ ...ReadAllocs, ...WriteAllocs }).length === 0,
    );
  }

  /**
   * Runs a command in an allocation and returns what it printed. Where it fails, the error has the allocation's story.
   * Nomad may lose what a command prints (nomad#27146): it is run again then, and must bear that.
   */
  async exec(alloc: Allocation | undefined, ...command: string[]): Promise<string> {
    if (alloc === undefined) throw new Error('there is no such allocation');
    const { nomad } = this;
    const { ID, TaskStates } = alloc;
    const task = Object.keys(TaskStates ?? {}).find((name) => name !== HOLDER);
    const exec = ['exec', '-i=false', '-t=false', `-task=${task}`, ID, 'sh', '-c', MARKED, MARK];
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const printed = (await nomad.cli('alloc', ...exec, ...command)).trim();
        if (printed.endsWith(MARK)) return printed.slice(0, -MARK.length).trim();
      }
      throw new Error(`Nomad passes on nothing of ${command.join(' ')}`);
    } catch (error) {
      const tell = (...args: string[]) => nomad.cli('alloc', ...args, ID).catch(String);
      const story = [await tell('status'), await tell('logs'), await tell('logs', '-stderr')];
      throw new Error([String(error), ...story].join('\n'), { cause: error });
    }
  }

  /** Writes a file of this site's and returns its path. */
  file(name: string): string {
    return join(this.folder, name);
  }

  #read(file: string): string {
    this.used.add(file);
    return readFileSync(join(FOLDER, file), 'utf8');
  }

  #variables(): Variables {
    const { ceph, nomad, packageUrl, folder } = this;
    return {
      ceph_monitors: JSON.stringify(ceph.monitors),
      ceph_pool: ceph.pool,
      cluster_id: CLUSTER_ID,
      package: packageUrl,
      client_state_dir: nomad.client.stateDir,
      state_dir: join(folder, 'state'),
      loop_devices: `${LOOPS}`,
    };
  }
}

export async function startJobspecSite(kind: Kind): Promise<JobspecSite> {
  // They end in the opposite order.
  const ceph = await startCeph();
  const folder = labFolder();
  const url = await serveFile(await (kind === 'docker' ? pluginImage() : tarball()));
  const nomad = await startNomad(
    kind === 'docker' ? { docker: await ownDocker() } : { programs: PROGRAMS },
  );
  for (const job of JOBS)
    await nomad.put(`/v1/var/nomad/jobs/${job}`, {
      Path: `nomad/jobs/${job}`,
      Items: { key: ceph.key },
    });
  return new JobspecSite(kind, folder, ceph, nomad, url);
}

/** A Docker that has the images of the example jobs. */
async function ownDocker() {
  await ensureLoops(LOOPS);
  const docker = await startDocker();
  await docker.docker('load', '--input', await redisImage());
  await docker.docker('tag', 'redis:7', DEBIAN);
  return { endpoint: docker.endpoint, allowCaps: ['sys_admin'] };
}
