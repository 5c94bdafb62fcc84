import type { AccessMode, Capability } from './capability.js';
import { fail } from './errors.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import { parseObject } from './json.js';
import { type Image, METADATA_PREFIX } from './store.js';

// Marks are image metadata, which clones and copies inherit. Each names the image that it was made for, and counts
// for no other.

/** The image metadata key that holds the nodes on which a volume is published. */
export const PUBLISHED_KEY = `${METADATA_PREFIX}published`;
/** The image metadata key that a deletion sets before it moves the image, so that nobody uses it from then on. */
export const DELETING_KEY = `${METADATA_PREFIX}deleting`;

/**
 * The image metadata key that marks an image which a creation threw away. It is no part of the record: a clone that
 * is not whole yet gets its source's record over its own, and the mark must outlive that.
 */
export const DISCARDED_KEY = `${METADATA_PREFIX}discarded`;

/** How a volume is published on one node. */
export interface Publication {
  readonly mode: AccessMode;
  readonly access: 'mount' | 'block';
  readonly readonly: boolean;
  /** Its node says that nothing of the volume is there: another may get it though no controller took it back. */
  readonly unstaged?: true;
}

export type Publications = Readonly<Record<string, Publication>>;

export function publicationOf(capability: Capability, readonly: boolean): Publication {
  return { mode: capability.mode, access: capability.access.kind, readonly };
}

/**
 * Node id to how the image is published there. Fails with volume-in-use where another version or a person wrote
 * what this one cannot read: it is never taken for nobody.
 */
export function publicationsOf(image: Image, handle: VolumeHandle): Publications {
  const text = image.metadata.get(PUBLISHED_KEY);
  if (text === undefined || text === '') return {};
  const { image: owner, nodes } = parseObject(text) ?? {};
  if (typeof owner === 'string' && owner !== image.id) return {};
  if (owner !== image.id || !arePublications(nodes))
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: `nodes that this version cannot read in the image metadata "${PUBLISHED_KEY}"`,
    });
  return nodes;
}

/** The nodes on which an image is published, as far as they can be read. */
export function publishedNodesOf(image: Image): readonly string[] {
  const { image: owner, nodes } = parseObject(image.metadata.get(PUBLISHED_KEY)) ?? {};
  return owner === image.id && typeof nodes === 'object' && nodes !== null
    ? Object.keys(nodes)
    : [];
}

/** True where a node has said that nothing of the image is there. */
export function isUnstaged(image: Image, nodeId: string): boolean {
  const { image: owner, nodes } = parseObject(image.metadata.get(PUBLISHED_KEY)) ?? {};
  return owner === image.id && arePublications(nodes) && nodes[nodeId]?.unstaged === true;
}

/** Those that keep others from the volume, or from its deletion. */
export function heldOf(published: Publications): Publications {
  return Object.fromEntries(Object.entries(published).filter(([, { unstaged }]) => !unstaged));
}

function arePublications(value: unknown): value is Publications {
  return typeof value === 'object' && value !== null && Object.values(value).every(isPublication);
}

function isPublication(value: unknown): value is Publication {
  return (
    typeof value === 'object' && value !== null && 'mode' in value && typeof value.mode === 'string'
  );
}

/** What PUBLISHED_KEY holds for an image; undefined where it is published nowhere. */
export function formatPublications(image: Image, nodes: Publications): string | undefined {
  return Object.keys(nodes).length === 0 ? undefined : JSON.stringify({ image: image.id, nodes });
}

/** The controllers that are deleting an image. */
export function deletersOf(image: Image): readonly string[] {
  const [owner, ...marks] = (image.metadata.get(DELETING_KEY) ?? '').split(' ');
  return owner === image.id ? marks : [];
}

/** What DELETING_KEY holds for an image; undefined where nobody deletes it. */
export function formatDeleters(image: Image, deleters: readonly string[]): string | undefined {
  return deleters.length === 0 ? undefined : [image.id, ...deleters].join(' ');
}

/** True for an image that a deletion marked, or that a creation threw away. */
export function isMarkedToGo(image: Image): boolean {
  return isBeingDeleted(image) || isDiscarded(image);
}

export function isBeingDeleted(image: Image): boolean {
  return deletersOf(image).length > 0;
}

/** True for an image that is on its way out, and of which nobody was ever told. */
export function isDiscarded(image: Image): boolean {
  return image.metadata.get(DISCARDED_KEY) === image.id;
}
