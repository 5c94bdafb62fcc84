import { type Capability, isReaderOnly, unsupported } from './capability.js';
import { type Controller, locate, mustLocate, notFound } from './controller.js';
import { describeUsers, hostOf } from './delete/users.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import { refuseToPublish } from './host.js';
import { parseObject } from './json.js';
import {
  heldOf,
  isBeingDeleted,
  type Publication,
  type Publications,
  publicationOf,
  publicationsOf,
} from './marks.js';
import { refuseConflict, swapPublications } from './publications.js';
import { recordOf } from './record.js';
import type { Cluster, Credentials, Image } from './store.js';
import { usersOf } from './users.js';

export interface PublishVolumeRequest {
  readonly volumeId: string;
  readonly nodeId: string;
  readonly capability: Capability;
  readonly readonly: boolean;
  readonly credentials: Credentials | undefined;
}

/** How often another controller may change the publications in between. */
const ROUNDS = 8;

/**
 * ControllerPublishVolume: writes down that a node may use the volume, unless the access mode keeps it from
 * that. FAILED_PRECONDITION while another node holds it: Nomad tries again until it is free.
 */
export async function publishVolume(
  controller: Controller,
  request: PublishVolumeRequest,
): Promise<void> {
  const { volumeId, nodeId, capability } = request;
  const { handle, cluster } = mustLocate(controller, volumeId, request.credentials);
  const problem = unsupported(capability);
  if (problem !== undefined)
    fail('unsupported-capability', { field: 'volume_capability', problem });
  const [node, first] = await Promise.all([cluster.readNode(nodeId), findImage(cluster, handle)]);
  if (first === undefined) return notFound(handle);
  if (node === undefined) fail('node-not-found', { node: nodeId, cluster: cluster.name });

  let image: Image | undefined = first;
  for (let round = 0; round < ROUNDS; round++) {
    if (image === undefined) return notFound(handle);
    if (isBeingDeleted(image)) fail('being-deleted', { volume: volumeId });
    refuseToPublish(controller, handle, recordOf(image, handle));
    const published = publicationsOf(image, handle);
    const wanted = publicationOf(capability, request.readonly);
    if (isPublished(handle, published, nodeId, wanted)) return;
    const held = heldOf(published);
    refuseConflict(handle, held, wanted);
    if (!isReaderOnly(wanted.mode) && wanted.mode !== 'MULTI_NODE_MULTI_WRITER')
      await refuseStrangers(cluster, handle, image, node, Object.keys(held));
    const outcome = await controller.effect('controllerPublish/write-publication', () =>
      swapPublications(cluster, handle, image as Image, { ...published, [nodeId]: wanted }),
    );
    if (outcome === 'swapped') return;
    image = await findImage(cluster, handle);
  }
  fail('superseded', { volume: volumeId });
}

/** ControllerUnpublishVolume; an empty node id means every node. It is not an error when there is nothing. */
export async function unpublishVolume(
  controller: Controller,
  volumeId: string,
  nodeId: string,
  credentials: Credentials | undefined,
): Promise<void> {
  const located = locate(controller, volumeId, credentials);
  if (located === undefined) return;
  const { handle, cluster } = located;
  for (let round = 0; round < ROUNDS; round++) {
    const image = await findImage(cluster, handle);
    if (image === undefined) return;
    const published = publicationsOf(image, handle);
    const rest = Object.fromEntries(
      Object.entries(published).filter(([node]) => nodeId !== '' && node !== nodeId),
    );
    if (Object.keys(rest).length === Object.keys(published).length) return;
    const outcome = await controller.effect('controllerUnpublish/remove-publication', () =>
      swapPublications(cluster, handle, image, rest),
    );
    if (outcome !== 'differs') return;
  }
  fail('superseded', { volume: volumeId });
}

/** True where this very publication exists; throws where the node has it in another way. */
function isPublished(
  handle: VolumeHandle,
  published: Publications,
  nodeId: string,
  wanted: Publication,
): boolean {
  const there = heldOf(published)[nodeId];
  if (there === undefined) return false;
  const difference = (['mode', 'access', 'readonly'] as const)
    .filter((key) => there[key] !== wanted[key])
    .map((key) => `${key} ${there[key]}`)
    .join(', ');
  if (difference !== '')
    fail('already-published', {
      volume: formatHandle(handle),
      place: `node "${nodeId}"`,
      difference,
    });
  return true;
}

/** Refuses where a client that no publication explains has the image open for writing. */
async function refuseStrangers(
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  node: string,
  published: readonly string[],
): Promise<void> {
  const users = await usersOf(cluster, handle, image.id);
  if (users.length === 0) return;
  const others = await Promise.all(published.map((other) => cluster.readNode(other)));
  const explained = [node, ...others].map(addressOf);
  const strangers = users.filter(({ address }) => !explained.includes(hostOf(address)));
  if (strangers.length > 0)
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: await describeUsers(cluster, strangers),
    });
}

/** The address that a node said of itself; one whose words cannot be read explains no client. */
function addressOf(nodeText: string | undefined): unknown {
  return parseObject(nodeText)?.address;
}
