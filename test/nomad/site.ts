import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/cli/package.js';
import { connect } from '../../src/csi/wire/client.js';
import { findProcesses } from '../../src/dev/processes.js';
import { Identity } from '../../src/proto/csi/v1/csi_pb.js';
import type { EffectName } from '../../src/volume/effects.js';
import { type LabCeph, startCeph } from '../lab/ceph.js';
import { labFolder, mountsBelow } from '../lab/folder.js';
import { type Allocation, running } from '../lab/nomad/allocations.js';
import { type LabClient, type LabNomad, type NomadOptions, startNomad } from '../lab/nomad.js';
import { clusterBlock, pannierProgram } from '../lab/plugin.js';

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
  async runPlugin(client: LabClient, release = '1'): Promise<Allocation> {
    const [node, program] = pannierProgram();
    const id = this.jobOf(client);
    await this.nomad.runJob(readFileSync(JOB, 'utf8'), {
      id,
      release,
      client: client.name,
      plugin_id: PLUGIN,
      publish_dir: client.publishDir(PLUGIN),
      node,
      program,
      config: this.#config(client),
      state_dir: this.stateDir(client),
      crash_after: this.#crashFile(client),
    });
    const [allocation] = await running(this.nomad, id);
    return allocation as Allocation;
  }

  /** Restarts the plugin on a client, and has it die after an effect, once. */
  async crashAfter(client: LabClient, effect: EffectName): Promise<void> {
    writeFileSync(this.#crashFile(client), effect);
    await this.restartPlugin(client);
  }

  async restartPlugin(client: LabClient): Promise<void> {
    const [allocation] = await running(this.nomad, this.jobOf(client));
    const restart = () => this.nomad.cli('alloc', 'restart', allocation?.ID ?? '');
    await this.replaced(client, restart);
  }

  /** Waits until an action has brought about another process of the plugin, which answers. */
  async replaced(client: LabClient, action: () => Promise<unknown>): Promise<void> {
    const before = this.pluginPid(client);
    await action();
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(50)) {
      const now = this.pluginPid(client);
      if (now !== undefined && now !== before && (await this.#probe(client))) return;
      if (Date.now() > end) throw new Error(`the plugin on ${client.name} did not come back`);
    }
  }

  async #probe(client: LabClient): Promise<boolean> {
    const [allocation] = await running(this.nomad, this.jobOf(client));
    const socket = join(client.stateDir, 'csi', 'plugins', allocation?.ID ?? '', 'csi.sock');
    const connection = connect(`unix://${socket}`);
    try {
      await connection.service(Identity).probe({});
      return true;
    } catch {
      return false;
    } finally {
      connection.close();
    }
  }

  /** The process of the plugin on a client. */
  pluginPid(client: LabClient): number | undefined {
    const config = `-config=${this.#config(client)}`;
    return findProcesses((args) => args[2] === 'plugin' && args.at(-1) === config)[0]?.pid;
  }

  /** Ends the plugin on a client as `kill -9` does; Nomad starts it again. */
  killPlugin(client: LabClient): Promise<void> {
    return this.replaced(client, async () => process.kill(this.pluginPid(client) ?? 0, 'SIGKILL'));
  }

  /** Where an allocation's volume is, for one that is a single node's to write. */
  target(client: LabClient, allocation: Allocation, volume: string): string {
    const usage = 'rw-file-system-single-node-writer';
    return join(client.publishDir(PLUGIN), 'per-alloc', allocation.ID, volume, usage);
  }

  /** What the plugin on a client, and Nomad there, have mounted. */
  mounts(client: LabClient): string[] {
    return [client.publishDir(PLUGIN), this.stateDir(client)].flatMap(mountsBelow);
  }

  async healthy(count = this.nomad.clients.length): Promise<void> {
    await this.nomad.pluginHealthy(PLUGIN, count, count);
  }

  /** Writes a file of this site's and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  #crashFile(client: LabClient): string {
    return join(this.folder, client.name, 'crash-after');
  }
}

export async function startSite(options: NomadOptions = {}): Promise<Site> {
  // They end in the opposite order.
  const ceph = await startCeph();
  const folder = labFolder();
  const nomad = await startNomad(options);
  const site = new Site(folder, ceph, nomad);
  await Promise.all(nomad.clients.map((client) => site.runPlugin(client)));
  await site.healthy();
  return site;
}
