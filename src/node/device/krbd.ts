import { constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Effect } from '../../volume/effects.js';
import { fail } from '../../volume/errors.js';
import { parseHandle, type VolumeHandle } from '../../volume/handle.js';
import type { Clusters } from '../../volume/store.js';
import { holdersOf } from '../holders.js';
import { stateFolders } from '../state-dir.js';
import type { Device, Mapper, Mapping, MapRequest } from './device.js';
import { unknownFeatures } from './kernel-features.js';
import { kernelLines } from './kernel-line.js';
import { KrbdNotes } from './krbd-notes.js';
import {
  ADD,
  type Answer,
  addRbd,
  BUS,
  listRbd,
  type RbdDevice,
  refreshRbd,
  removeRbd,
  sizeOfRbd,
} from './rbd-bus.js';
import { isThere, waitFor } from './wait.js';

/** The kernel connects, reads the image's header and watches it. */
const MAP_LIMIT_MS = 30_000;
/** It gives the image's lock back and ends its watch. */
const UNMAP_LIMIT_MS = 20_000;
const REFRESH_LIMIT_MS = 20_000;
/** How long a device may stay open: programs that look at one that was just closed are quick. */
const BUSY_LIMIT_MS = 5_000;
const BUSY_PAUSE_MS = 200;
const NODE_LIMIT_MS = 5_000;

/** What the kernel answers that does not reach the cluster, by the C library's words. */
const AWAY = ['Connection timed out', 'Interrupted system call', 'Input/output error'];
const DENIED = ['Operation not permitted', 'Permission denied'];
const NOT_UNDERSTOOD = 'Invalid argument';
const BUSY = 'Device or resource busy';

/**
 * Maps through the kernel's own rbd. There is no process: mappings live as long as the machine, and the kernel tells
 * what there is of a volume by its cluster, pool and name; a note tells that it is this plugin's.
 */
export class KrbdMapper implements Mapper {
  readonly name = 'krbd';
  readonly #notes: KrbdNotes;
  readonly #clusters: Clusters;
  readonly #effect: Effect;

  constructor(stateDir: string, clusters: Clusters, effect: Effect) {
    this.#notes = new KrbdNotes(stateFolders(stateDir).krbd);
    this.#clusters = clusters;
    this.#effect = effect;
  }

  async unavailable(): Promise<string | undefined> {
    if (!(await isThere(BUS))) return 'the kernel module rbd is not loaded';
    if (!(await isThere(ADD, constants.W_OK)))
      return `${ADD} cannot be written: the plugin has no root, or a /sys that is read-only`;
    return undefined;
  }

  async find(volumeId: string): Promise<Mapping | undefined> {
    const devices = await this.#devices(volumeId);
    // What the kernel serves itself does not die before the machine does.
    return devices.length === 0 ? undefined : { devices, alive: true };
  }

  async ownerOf(devicePath: string): Promise<string | undefined> {
    for (const volumeId of await this.list())
      if ((await this.#devices(volumeId)).some(({ path }) => path === devicePath)) return volumeId;
    return undefined;
  }

  list(): Promise<string[]> {
    return this.#notes.list();
  }

  async map(request: MapRequest): Promise<Device> {
    const { volumeId, handle, credentials, readonly } = request;
    const there = await this.#deviceOf(request);
    if (there !== undefined) return there;
    const cluster = this.#clusters.get(handle.cluster, credentials);
    await this.#refuseFeatures(request);
    const access = await cluster.kernelAccess();
    const lines = kernelLines(request, access);
    const { fsid } = access;
    if ((await this.#notes.read(volumeId)) === undefined) {
      refuseStrangers(volumeId, handle, fsid);
      await this.#effect('krbd/remember-mapping', () => this.#notes.write(volumeId, { fsid }));
    }
    return this.#effect('krbd/map', async () => {
      const answer = await addAny(volumeId, lines);
      if (answer !== 'done') refuseMap(request, access.user, answer);
      const device = await this.#deviceOf({ volumeId, readonly });
      if (device === undefined || !(await waitFor(() => isThere(device.path), NODE_LIMIT_MS)))
        fail('not-mappable', {
          volume: volumeId,
          problem: `${device?.path ?? 'its device'} does not appear: the plugin must have the machine's own /dev`,
        });
      return device;
    });
  }

  async detach(volumeId: string, device: Device): Promise<void> {
    const id = device.path.slice('/dev/rbd'.length);
    for (const end = Date.now() + BUSY_LIMIT_MS; ; await sleep(BUSY_PAUSE_MS)) {
      const answer = await removeRbd(volumeId, id, UNMAP_LIMIT_MS);
      if (answer === 'done') return;
      if (answer === 'late') fail('device-closing', { volume: volumeId, process: 'the kernel' });
      if (answer.refused !== BUSY)
        fail('tool-failed', { tool: 'rbd unmap', volume: volumeId, problem: answer.refused });
      if (Date.now() > end)
        fail('volume-in-use', { volume: volumeId, users: await holdersOf(device.path) });
    }
  }

  async unmap(volumeId: string): Promise<void> {
    if (!(await this.#notes.has(volumeId))) return;
    for (const device of await this.#devices(volumeId))
      await this.#effect('krbd/unmap', () => this.detach(volumeId, device));
    await this.#effect('krbd/forget-mapping', () => this.#notes.remove(volumeId));
  }

  async refresh(volumeId: string, device: Device): Promise<void> {
    const id = device.path.slice('/dev/rbd'.length);
    const answer = await refreshRbd(volumeId, id, REFRESH_LIMIT_MS);
    if (answer === 'done') return;
    const problem = answer === 'late' ? 'the kernel waits for it' : answer.refused;
    const cluster = parseHandle(volumeId)?.cluster ?? '';
    fail('cluster-unavailable', {
      cluster,
      problem: `read the size of ${device.path}: ${problem}`,
    });
  }

  async sizeOf(device: Device): Promise<bigint> {
    return sizeOfRbd(device);
  }

  /** Before the kernel is asked, which tells of them in its log alone. */
  async #refuseFeatures({ volumeId, handle, imageId, credentials, readonly }: MapRequest) {
    const cluster = this.#clusters.get(handle.cluster, credentials);
    const details = await cluster.details(handle, imageId);
    const unknown = await unknownFeatures(details?.features ?? [], readonly);
    if (unknown.length > 0)
      fail('not-mappable', {
        volume: volumeId,
        problem: `it does not know the image's features ${unknown.join(', ')}`,
      });
  }

  async #deviceOf({
    volumeId,
    readonly,
  }: Pick<MapRequest, 'volumeId' | 'readonly'>): Promise<Device | undefined> {
    return (await this.#devices(volumeId)).find((device) => device.readonly === readonly);
  }

  async #devices(volumeId: string): Promise<RbdDevice[]> {
    const handle = parseHandle(volumeId);
    const note = handle && (await this.#notes.read(volumeId));
    return handle === undefined || note === undefined ? [] : devicesOf(handle, note.fsid);
  }
}

/** Tells the kernel the first of the lines that it understands. */
async function addAny(volumeId: string, lines: readonly string[]): Promise<Answer> {
  let answer: Answer = { refused: 'the monitors tell no address' };
  for (const line of lines) {
    answer = await addRbd(volumeId, line, MAP_LIMIT_MS);
    if (answer === 'done' || answer === 'late' || answer.refused !== NOT_UNDERSTOOD) break;
  }
  return answer;
}

function devicesOf({ pool, namespace, image }: VolumeHandle, fsid: string): RbdDevice[] {
  return listRbd().filter(
    (device) =>
      device.fsid === fsid &&
      device.pool === pool &&
      device.namespace === namespace &&
      device.image === image,
  );
}

/** Devices that were there before ours could not be told from it. */
function refuseStrangers(volumeId: string, handle: VolumeHandle, fsid: string): void {
  const paths = devicesOf(handle, fsid).map(({ path }) => path);
  if (paths.length > 0)
    fail('volume-in-use', {
      volume: volumeId,
      users: `${paths.join(', ')}, which Pannier did not map on this node`,
    });
}

function refuseMap(
  { volumeId, handle, credentials }: MapRequest,
  user: string,
  answer: Exclude<Answer, 'done'>,
): never {
  const { cluster } = handle;
  const problem = answer === 'late' ? `no answer within ${MAP_LIMIT_MS / 1000} s` : answer.refused;
  const said = `the kernel's rbd: ${problem}`;
  if (answer === 'late' || AWAY.includes(problem))
    return fail('cluster-unavailable', { cluster, problem: said });
  if (DENIED.includes(problem))
    return fail(credentials === undefined ? 'cluster-denied' : 'secrets-lack-caps', {
      ...{ cluster, user, problem: said },
    });
  return fail('not-mappable', { volume: volumeId, problem });
}
