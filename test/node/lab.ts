import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import type { ClusterSettings, Settings } from '../../src/config/settings.js';
import { type NodeSide, openNode } from '../../src/node/volumes.js';
import type { Logger } from '../../src/observe/log.js';
import { openClusters } from '../../src/rbd/clusters.js';
import type { AccessMode, Capability, FileSystem } from '../../src/volume/capability.js';
import { type Effect, type EffectName, plainEffect } from '../../src/volume/effects.js';
import { formatHandle } from '../../src/volume/handle.js';
import type { Cluster, Clusters, ImageSpec, Watcher } from '../../src/volume/store.js';
import type { LabCeph } from '../lab/ceph.js';
import { labFolder, loopsBelow, mountsBelow } from '../lab/folder.js';

export const MIB = 1 << 20;

let made = 0;

/** A node plugin's inside, on a real Ceph, with folders of its own. */
export class LabNode {
  readonly folder = realpathSync(labFolder());
  readonly stateDir = join(this.folder, 'state');
  readonly clusters: Clusters;
  /** Watchers on top of the real ones. */
  strangers: Watcher[] = [];
  readonly lines: string[] = [];

  constructor(
    readonly ceph: LabCeph,
    readonly settings: ClusterSettings = ceph.settings,
  ) {
    const real = openClusters([settings]);
    t.teardown(() => real.close());
    this.clusters = {
      ...real,
      get: (name, credentials) => {
        const cluster = real.get(name, credentials);
        const watchers = async (spec: ImageSpec) => [
          ...(await cluster.watchers(spec)),
          ...this.strangers,
        ];
        return { ...cluster, watchers };
      },
    };
  }

  get cluster(): Cluster {
    return this.clusters.get(this.settings.name);
  }

  open(effect: Effect = plainEffect, changed: Partial<Settings> = {}): NodeSide {
    const { stateDir } = this;
    const settings = {
      nodeId: 'node-1',
      stateDir,
      mapper: 'auto' as const,
      ...changed,
    };
    const settingsOf = async (cluster: string) =>
      cluster === this.settings.name ? this.settings : undefined;
    return openNode({ clusters: this.clusters, settings, settingsOf, effect, log: this.#log() });
  }

  /** A new image, and its volume id. */
  async image(mebibytes: number, ...options: string[]): Promise<{ id: string; spec: string }> {
    const name = `image-${++made}`;
    const spec = `${this.ceph.pool}/${name}`;
    await this.ceph.rbd('create', '--size', `${mebibytes}M`, ...options, spec);
    const { pool } = this.ceph;
    const id = formatHandle({ cluster: this.settings.name, pool, namespace: '', image: name });
    return { id, spec };
  }

  /** A clone of an image as it is at this moment, and its volume id. */
  async clone(spec: string): Promise<{ id: string; spec: string }> {
    const image = `image-${++made}`;
    const { pool } = this.ceph;
    await this.ceph.rbd('snap', 'create', '--no-progress', `${spec}@${image}`);
    const copy = ['clone', '--rbd-default-clone-format', '2', `${spec}@${image}`];
    await this.ceph.rbd(...copy, `${pool}/${image}`);
    const id = formatHandle({ cluster: this.settings.name, pool, namespace: '', image });
    return { id, spec: `${pool}/${image}` };
  }

  /** A staging directory, as a CO makes it. */
  staging(): string {
    const folder = join(this.folder, `staging-${++made}`);
    mkdirSync(folder);
    return folder;
  }

  /** A target in a parent, as a CO makes that; the target is not there yet. */
  target(): string {
    const parent = join(this.folder, `parent-${++made}`);
    mkdirSync(parent);
    return join(parent, 'target');
  }

  mounts(): string[] {
    return mountsBelow(this.folder);
  }

  loops(): string[] {
    return loopsBelow(this.folder);
  }

  /** The processes that have this node's folder among their arguments. */
  daemons(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => argumentsOf(pid).some((word) => word.startsWith(`${this.stateDir}/fuse/`)))
      .map(Number);
  }

  /** All files in the state directory, which the first call that needs it makes. */
  stateFiles(): string[] {
    if (!existsSync(this.stateDir)) return [];
    return readdirSync(this.stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() || !['volumes', 'fuse'].includes(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  }

  /** Everything that a volume can leave on this node. */
  leftovers() {
    const { mounts, loops, daemons, stateFiles } = {
      mounts: this.mounts(),
      loops: this.loops(),
      daemons: this.daemons(),
      stateFiles: this.stateFiles(),
    };
    return { mounts, loops, daemons, stateFiles };
  }

  #log(): Logger {
    return pino({ level: 'debug' }, { write: (line: string) => void this.lines.push(line) });
  }
}

export const NOTHING = { mounts: [], loops: [], daemons: [], stateFiles: [] };

/** Stops a call for good right after an effect, as a killed process would: nothing after it ever runs. */
export function stopAfter(name: EffectName): { effect: Effect; reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const effect: Effect = async (done, action) => {
    const result = await action();
    if (done !== name) return result;
    resolve();
    return new Promise(() => {});
  };
  return { effect, reached: promise };
}

/** Does the effects and keeps their names. */
export function recordEffects(): { effect: Effect; done: EffectName[] } {
  const done: EffectName[] = [];
  return {
    done,
    effect: (name, action) => {
      done.push(name);
      return action();
    },
  };
}

export function mountAs(
  fsType = '',
  mode: AccessMode = 'SINGLE_NODE_WRITER',
  mountFlags: string[] = [],
): Capability {
  return { access: { kind: 'mount', fsType, mountFlags }, mode };
}

export function blockAs(mode: AccessMode = 'SINGLE_NODE_WRITER'): Capability {
  return { access: { kind: 'block' }, mode };
}

/** The kernel grows a mounted ext4 for those alone who have CAP_SYS_RESOURCE. */
export function mayGrowMounted(fsType: FileSystem): boolean {
  const mask = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return fsType !== 'ext4' || ((BigInt(`0x${mask}`) >> 24n) & 1n) === 1n;
}

export function sh(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
