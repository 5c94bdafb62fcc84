import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';
import type { EffectName } from '../../src/volume/effects.js';
import { type LabCeph, startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { type Allocation, running } from '../lab/nomad/allocations.js';
import { type LabClient, type LabNomad, type NomadOptions, startNomad } from '../lab/nomad.js';
import { clusterBlock, pannierProgram } from '../lab/plugin.js';

/** The id of the CSI plugin, which volumes name. */
export const PLUGIN = 'pannier';

const JOB = join(packageRoot(), 'test', 'nomad', 'monolith.nomad.hcl');

/** A Nomad with Pannier as a raw_exec task on each client, and a Ceph of its own pool. */
export class Site {
  constructor(
    readonly folder: string,
    readonly ceph: LabCeph,
    readonly nomad: LabNomad,
  ) {
    const config = ['log_level = "debug"', clusterBlock(ceph.settings), ''].join('\n');
    writeFileSync(this.#config, config, { mode: 0o600 });
  }

  get #config(): string {
    return join(this.folder, 'pannier.hcl');
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
    mkdirSync(join(this.folder, client.name), { recursive: true });
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
      config: this.#config,
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
    await this.nomad.cli('alloc', 'restart', allocation?.ID ?? '');
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
