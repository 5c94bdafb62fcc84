import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/cli/package.js';
import { connect } from '../../src/csi/wire/client.js';
import { findProcesses } from '../../src/dev/processes.js';
import { CRASH_AFTER, PAUSE_AFTER } from '../../src/plugin/effects.js';
import { Identity } from '../../src/proto/csi/v1/csi_pb.js';
import type { EffectName } from '../../src/volume/effects.js';
import { type LabCeph, startCeph } from '../lab/ceph.js';
import { labFolder, mountsBelow } from '../lab/folder.js';
import { cutPower } from '../lab/leftovers.js';
import { type LabMachine, startMachine } from '../lab/machine.js';
import { type Allocation, running } from '../lab/nomad/allocations.js';
import type { NomadUser } from '../lab/nomad/user.js';
import { type LabClient, type LabNomad, type NomadOptions, startNomad } from '../lab/nomad.js';
import { clusterBlock, isStopped, pannierProgram } from '../lab/plugin.js';

/** The id of the CSI plugin, which volumes name. */
export const PLUGIN = 'pannier';

const START_LIMIT_MS = 60_000;
const JOB = join(packageRoot(), 'test', 'nomad', 'monolith.nomad.hcl');

/** A Nomad with Pannier as a raw_exec task on each client, and a Ceph of its own pool. */
export class Site {
  constructor(
    readonly folder: string,
    readonly ceph: LabCeph,
    readonly nomad: LabNomad,
    /** Where the last client's plugin speaks to Ceph from; undefined where all speak from this machine. */
    readonly machine?: LabMachine,
  ) {
    for (const client of nomad.clients) {
      mkdirSync(join(folder, client.name), { recursive: true });
      const config = ['log_level = "debug"', clusterBlock(ceph.settings), ''].join('\n');
      writeFileSync(this.#config(client), config, { mode: 0o600 });
    }
  }

  #config(client: LabClient): string {
    return join(this.folder, client.name, 'pannier.hcl');
  }

  /** Where the plugin on a client keeps its state; it outlives what Nomad has there. */
  stateDir(client: LabClient): string {
    return join(this.folder, client.name, 'state');
  }

  jobOf(client: LabClient): string {
    return `pannier-${client.name}`;
  }

  /** Runs the plugin on a client. Another `release` is an upgrade: Nomad replaces the allocation. */
  async runPlugin(
    client: LabClient,
    release = '1',
    who: NomadUser = this.nomad,
  ): Promise<Allocation> {
    const [node, program] = pannierProgram();
    const away = client === this.nomad.clients.at(-1) ? this.machine : undefined;
    const id = this.jobOf(client);
    await who.runJob(readFileSync(JOB, 'utf8'), {
      id,
      release,
      client: client.name,
      plugin_id: PLUGIN,
      publish_dir: client.publishDir(PLUGIN),
      node: away?.there(node) ?? node,
      program,
      config: this.#config(client),
      state_dir: this.stateDir(client),
      arms: this.#armsFile(client),
    });
    const [allocation] = await running(this.nomad, id);
    return allocation as Allocation;
  }

  /** Restarts the plugin on a client, and has it die after an effect, once. */
  async crashAfter(client: LabClient, effect: EffectName): Promise<void> {
    writeFileSync(this.#armsFile(client), `${CRASH_AFTER}=${effect}`);
    await this.restartPlugin(client);
  }

  /** Restarts the plugin on a client, and has it stop after an effect; `paused` tells when. */
  async pauseAfter(client: LabClient, effect: EffectName): Promise<void> {
    writeFileSync(this.#armsFile(client), `${PAUSE_AFTER}=${effect}`);
    await this.restartPlugin(client);
  }

  /** Waits until the plugin on a client has stopped, and answers what has it go on. */
  async paused(client: LabClient): Promise<() => void> {
    const pid = this.pluginPid(client);
    if (pid === undefined) throw new Error(`no plugin runs on ${client.name}`);
    for (const end = Date.now() + START_LIMIT_MS; !isStopped(pid); await sleep(10))
      if (Date.now() > end) throw new Error(`the plugin on ${client.name} does not stop`);
    return () => void process.kill(pid, 'SIGCONT');
  }

  async restartPlugin(client: LabClient): Promise<void> {
    const [allocation] = await running(this.nomad, this.jobOf(client));
    const before = this.pluginPid(client);
    await this.nomad.cli('alloc', 'restart', allocation?.ID ?? '');
    await this.replaced(client, before);
  }

  /** Waits until another process of the plugin than the one before answers. */
  async replaced(client: LabClient, before: number | undefined): Promise<void> {
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(50)) {
      const now = this.pluginPid(client);
      if (now !== undefined && now !== before && (await this.#probe(client))) return;
      if (Date.now() > end) throw new Error(`the plugin on ${client.name} did not come back`);
    }
  }

  /** Asks each of the plugins that have been on a client: Nomad itself may be away. */
  async #probe(client: LabClient): Promise<boolean> {
    const sockets = globSync(join(client.stateDir, 'csi', 'plugins', '*', 'csi.sock'));
    const answers = sockets.map(async (socket) => {
      const connection = connect(`unix://${socket}`);
      try {
        await connection.service(Identity).probe({});
        return true;
      } catch {
        return false;
      } finally {
        connection.close();
      }
    });
    return (await Promise.all(answers)).includes(true);
  }

  /** The process of the plugin on a client. */
  pluginPid(client: LabClient): number | undefined {
    const config = `-config=${this.#config(client)}`;
    return findProcesses((args) => args[2] === 'plugin' && args.at(-1) === config)[0]?.pid;
  }

  /** Ends the plugin on a client as `kill -9` does; Nomad starts it again. */
  killPlugin(client: LabClient): Promise<void> {
    const pid = this.pluginPid(client);
    if (pid === undefined) throw new Error(`no plugin runs on ${client.name}`);
    process.kill(pid, 'SIGKILL');
    return this.replaced(client, pid);
  }

  /** Runs another release of the plugin in the place of the one that is on a client. */
  async upgradePlugin(client: LabClient, release: string): Promise<void> {
    const before = this.pluginPid(client);
    await this.runPlugin(client, release);
    await this.replaced(client, before);
  }

  /** A client's machine loses its power: agent, plugin, tasks, mounts and devices are gone, files stay. */
  async cutPower(client: LabClient): Promise<void> {
    await client.cutPower();
    await cutPower(join(this.folder, client.name));
  }

  /** Takes away all that a client that does not run, and the plugin there, remember. */
  forget(client: LabClient): void {
    client.forget();
    rmSync(this.stateDir(client), { recursive: true, force: true });
  }

  /** Where an allocation's volume is, in Nomad's words for how it uses it. */
  target(
    client: LabClient,
    allocation: Allocation,
    volume: string,
    usage = 'rw-file-system-single-node-writer',
  ): string {
    return join(client.publishDir(PLUGIN), 'per-alloc', allocation.ID, volume, usage);
  }

  /** What the plugin on a client, and Nomad there, have mounted. */
  mounts(client: LabClient): string[] {
    return [client.publishDir(PLUGIN), this.stateDir(client)].flatMap(mountsBelow);
  }

  async healthy(count = this.nomad.clients.length): Promise<void> {
    await this.nomad.pluginHealthy(PLUGIN, count, count);
  }

  /** Where a volume's specification is. */
  specFile(volume: string): string {
    return join(this.folder, `${volume}.volume.hcl`);
  }

  /** Writes a file of this site's and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** What is set in the environment of the plugin that starts next, and of no other. */
  #armsFile(client: LabClient): string {
    return join(this.folder, client.name, 'arms');
  }
}

export interface SiteOptions extends NomadOptions {
  /** Has the last client's plugin speak to Ceph from an address of its own, as machines do. */
  readonly apart?: boolean;
}

export async function startSite({ apart = false, ...options }: SiteOptions = {}): Promise<Site> {
  // They end in the opposite order.
  const machine = apart ? await startMachine() : undefined;
  const ceph = await startCeph(machine === undefined ? {} : { address: machine.here });
  const folder = labFolder();
  const nomad = await startNomad(options);
  const site = new Site(folder, ceph, nomad, machine);
  await Promise.all(nomad.clients.map((client) => site.runPlugin(client)));
  await site.healthy();
  return site;
}
