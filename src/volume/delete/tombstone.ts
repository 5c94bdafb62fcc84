const PREFIX = 'pannier.tombstone.';

/** How the image of a deleted volume is called while snapshots or clones need it. */
export function tombstoneName(imageId: string): string {
  return `${PREFIX}${imageId}`;
}

/** The id of the image that a tombstone's name tells, or undefined where a name is not one. */
export function tombstoneOf(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}
