import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses } from '../../src/dev/processes.js';
import type { EffectName } from '../../src/volume/effects.js';
import { type LabCeph, type StartOptions, startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { cutPower } from '../lab/leftovers.js';
import type { Framework } from '../lab/mesos/framework.js';
import type { ProfileMap } from '../lab/mesos/profiles.js';
import { type LabAgent, type LabMesos, startMesos } from '../lab/mesos.js';
import { clusterBlock, type LogLine, pannierProgram } from '../lab/plugin.js';

/** The type of the CSI plugin, as agents know it. */
export const PLUGIN = 'csi.pannier.rbd';
/** The role that all raw disks are reserved for. */
export const ROLE = 'storage';

/** What volumes of an agent may come to, unless a test says otherwise. */
export const QUOTA_MIB = 1024;

const BOTH = ['CONTROLLER_SERVICE', 'NODE_SERVICE'];

const START_LIMIT_MS = 60_000;
/** Where Ceph is away, each look waits for what cannot be read. */
const RECONCILE_LIMIT_MS = 300_000;

/** The access mode of every profile. */
export const WRITER = { access_mode: { mode: 'SINGLE_NODE_WRITER' } } as const;

/** The profiles that all tests have. */
export const PROFILES: ProfileMap = {
  profile_matrix: {
    ext4: { volume_capabilities: { mount: { fs_type: 'ext4' }, ...WRITER } },
    block: { volume_capabilities: { block: {}, ...WRITER } },
  },
};

export interface SiteOptions {
  readonly agents?: number;
  readonly ceph?: StartOptions;
  readonly profiles?: ProfileMap;
  /** Further pools of the cluster. */
  readonly pools?: readonly string[];
  /** What volumes of an agent may come to, in MiB. */
  readonly quotaMib?: number;
  /** Runs Pannier for the volume/csi isolator alone, and no provider. */
  readonly isolator?: true;
  /** Shows images of another pool, which Pannier did not make, as raw disks: see `foreignPool`. */
  readonly foreign?: true;
  /** How often a provider looks at what there is. */
  readonly reconcileSeconds?: number;
}

/** A Mesos whose agents each have a storage resource provider with Pannier as its plugin, and a Ceph. */
export class Site {
  constructor(
    readonly folder: string,
    readonly ceph: LabCeph,
    readonly mesos: LabMesos,
    readonly framework: Framework,
    private readonly options: SiteOptions,
    readonly foreignPool: string | undefined,
  ) {}

  /** The only agent, or the first. */
  get agent(): LabAgent {
    const [first] = this.mesos.agents;
    if (first === undefined) throw new Error('this site has no agent');
    return first;
  }

  /** Starts one more agent, with its provider or the isolator and further plugins of that, by names of files. */
  async addAgent(csiPlugins: Readonly<Record<string, object>> = {}): Promise<LabAgent> {
    const agent = await this.mesos.newAgent();
    mkdirSync(this.stateDir(agent), { recursive: true });
    this.#writeConfig(agent);
    const { profiles = PROFILES } = this.options;
    const { isolator } = this.options;
    agent.configure(
      isolator
        ? { csiPlugins: { 'ceph.json': this.#csiPlugin(agent), ...csiPlugins } }
        : { providers: { 'ceph.json': this.#provider(agent) }, profiles },
    );
    await agent.start();
    return agent;
  }

  /** Cuts the power of an agent's machine: files stay. */
  async reboot(agent: LabAgent): Promise<void> {
    await agent.reboot();
    // The plugin's mounts are in another folder than the agent's.
    await cutPower(this.#home(agent));
  }

  nodeId(agent: LabAgent): string {
    return `node-${agent.name}`;
  }

  stateDir(agent: LabAgent): string {
    return join(this.#home(agent), 'state');
  }

  /** What the plugin on an agent has logged, in all its lives that the agent remembers. */
  log(agent: LabAgent): LogLine[] {
    return readFileSync(join(this.#home(agent), 'log'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits until the plugin on an agent logs something behind the lines that there are, or behind so many. */
  async logged(
    agent: LabAgent,
    matches: (line: LogLine) => boolean,
    length = this.log(agent).length,
  ): Promise<void> {
    for (const limit = Date.now() + START_LIMIT_MS; ; await sleep(20)) {
      if (this.log(agent).slice(length).some(matches)) return;
      if (Date.now() > limit) throw new Error(`never logged: ${matches}`);
    }
  }

  /** How often the plugin on an agent has done something, in all its lives. */
  times(agent: LabAgent, effect: EffectName): number {
    return this.log(agent).filter((line) => line.effect === effect).length;
  }

  /** The process of the plugin on an agent. */
  pluginPid(agent: LabAgent): number | undefined {
    const config = `-config=${this.#config(agent)}`;
    return findProcesses((args) => args[2] === 'plugin' && args.includes(config))[0]?.pid;
  }

  /** Sends a signal to the plugin on an agent. Fails where none runs. */
  signalPlugin(agent: LabAgent, signal: NodeJS.Signals): void {
    const pid = this.pluginPid(agent);
    if (pid === undefined) throw new Error(`no plugin runs on ${agent.name}`);
    process.kill(pid, signal);
  }

  /** Where the plugin on an agent listens. */
  endpoint(agent: LabAgent): string {
    const text = readFileSync(`/proc/${this.pluginPid(agent)}/environ`, 'utf8');
    return /\0CSI_ENDPOINT=([^\0]*)/.exec(`\0${text}`)?.[1] ?? '';
  }

  /** Ends the plugin on an agent as `kill -9` does, and waits until the agent has started another one. */
  killPlugin(agent: LabAgent): Promise<void> {
    return this.replaced(agent, async () => this.signalPlugin(agent, 'SIGKILL'));
  }

  /** Ends the plugin on an agent, and has those that the agent starts instead refuse to run. */
  breakPlugin(agent: LabAgent): void {
    writeFileSync(this.#config(agent), '');
    this.signalPlugin(agent, 'SIGKILL');
  }

  /** Undoes that: the next one runs. */
  repairPlugin(agent: LabAgent): void {
    this.#writeConfig(agent);
  }

  /** Starts the plugin on an agent anew, and has it die after an effect; and its successors after the next ones. */
  async crashAfter(agent: LabAgent, effects: readonly EffectName[]): Promise<void> {
    writeFileSync(this.#crashFile(agent), effects.map((effect) => `${effect}\n`).join(''));
    await this.killPlugin(agent);
  }

  /** How often the plugin on an agent has started. */
  lives(agent: LabAgent): number {
    return this.log(agent).filter(({ msg }) => msg === 'plugin listens').length;
  }

  /** How often the provider of an agent has looked at its plugin. */
  reconciliations(agent: LabAgent): number {
    return agent.daemon.log.split('Reconciling storage pools').length - 1;
  }

  /** Waits until the provider of an agent has looked at its plugin so many times more. */
  async reconciled(agent: LabAgent, times: number): Promise<void> {
    const wanted = this.reconciliations(agent) + times;
    for (const end = Date.now() + RECONCILE_LIMIT_MS; ; await sleep(100)) {
      if (this.reconciliations(agent) >= wanted) return;
      if (Date.now() > end) throw new Error(`the provider on ${agent.name} does not reconcile`);
    }
  }

  /** Waits until an action has brought about another process of the plugin. */
  async replaced(agent: LabAgent, action: () => Promise<unknown>): Promise<void> {
    const before = this.pluginPid(agent);
    await action();
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(20)) {
      const now = this.pluginPid(agent);
      if (now !== undefined && now !== before) return;
      if (Date.now() > end) throw new Error(`the plugin on ${agent.name} did not come back`);
    }
  }

  /** The names of the images in the plugin's pool. */
  async images(): Promise<string[]> {
    const text = await this.ceph.rbd('ls', '--format=json', this.ceph.pool);
    return JSON.parse(text) as string[];
  }

  /** What Ceph knows of the image of a volume. */
  async image(volumeId: string): Promise<{ size: number; id: string }> {
    return JSON.parse(await this.ceph.rbd('info', '--format=json', this.specOf(volumeId)));
  }

  /** What comes after `rbd info`. */
  specOf(volumeId: string): string {
    return volumeId.slice(this.ceph.name.length + 1);
  }

  /** Where an agent has a volume of its provider's published. */
  target(agent: LabAgent, volumeId: string): string {
    return join(this.mounts(agent), encodeURIComponent(volumeId), 'target');
  }

  /** Where an agent has its provider's volumes staged and published. */
  mounts(agent: LabAgent): string {
    return join(agent.places.workDir, 'csi', PLUGIN, 'ceph', 'mounts');
  }

  #writeConfig(agent: LabAgent): void {
    const { settings, pool } = this.ceph;
    const { quotaMib = QUOTA_MIB, pools = [] } = this.options;
    const bytes = BigInt(quotaMib * (1 << 20));
    const quotas = Object.fromEntries([pool, ...pools].map((name) => [name, bytes]));
    const foreignImages =
      this.foreignPool === undefined ? [] : [{ pool: this.foreignPool, namespace: '' }];
    const config = [
      'scope     = "host"',
      'outages   = "bridge"',
      'log_level = "debug"',
      `node_id   = ${JSON.stringify(this.nodeId(agent))}`,
      `state_dir = ${JSON.stringify(this.stateDir(agent))}`,
      clusterBlock({ ...settings, quotas, foreignImages }),
      '',
    ];
    writeFileSync(this.#config(agent), config.join('\n'), { mode: 0o600 });
  }

  #provider(agent: LabAgent): object {
    const { reconcileSeconds = 5 } = this.options;
    return {
      type: 'org.apache.mesos.rp.local.storage',
      name: 'ceph',
      default_reservations: [{ type: 'DYNAMIC', role: ROLE }],
      storage: {
        reconciliation_interval_seconds: reconcileSeconds,
        plugin: { type: PLUGIN, name: 'ceph', containers: [this.#container(agent, BOTH)] },
      },
    };
  }

  #csiPlugin(agent: LabAgent): object {
    return { type: PLUGIN, name: 'ceph', containers: [this.#container(agent, ['NODE_SERVICE'])] };
  }

  /** What an agent starts, for a provider or the volume/csi isolator. */
  #container(agent: LabAgent, services: readonly string[]): object {
    const [node, program] = pannierProgram();
    const crash = this.#crashFile(agent);
    const home = this.#home(agent);
    const path = this.stateDir(agent);
    const propagation = { mount_propagation: { mode: 'BIDIRECTIONAL' } };
    const source = { type: 'HOST_PATH', host_path: { path, ...propagation } };
    const script = [
      `[ ! -s ${crash} ] || export PANNIER_CRASH_AFTER=$(head -n1 ${crash})`,
      `[ ! -s ${crash} ] || sed -i 1d ${crash}`,
      `exec ${node} ${program} plugin run -config=${this.#config(agent)} 2>>${join(home, 'log')}`,
    ].join('\n');
    return {
      services,
      command: { value: script },
      resources: Object.entries({ cpus: 0.1, mem: 256 }).map(([name, value]) => ({
        ...{ name, type: 'SCALAR', scalar: { value } },
      })),
      container: { type: 'MESOS', volumes: [{ mode: 'RW', container_path: path, source }] },
    };
  }

  #home(agent: LabAgent): string {
    return join(this.folder, agent.name);
  }

  #config(agent: LabAgent): string {
    return join(this.#home(agent), 'pannier.hcl');
  }

  #crashFile(agent: LabAgent): string {
    return join(this.#home(agent), 'crash-after');
  }
}

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  // They end in the opposite order.
  const ceph = await startCeph(options.ceph);
  const folder = labFolder();
  const mesos = await startMesos();
  const framework = await mesos.framework(ROLE);
  for (const pool of options.pools ?? []) await ceph.addPool(pool);
  const foreignPool = options.foreign && (await ceph.freshPool());
  const site = new Site(folder, ceph, mesos, framework, options, foreignPool);
  for (let agent = 0; agent < (options.agents ?? 1); agent++) await site.addAgent();
  return site;
}
