/** Ceph's encoding of a string or a buffer list: its length, little endian, and its bytes. */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads what encodeText writes; undefined where the bytes are not that. */
export function decodeText(bytes: Buffer): string | undefined {
  if (bytes.length < 4) return undefined;
  const end = 4 + bytes.readUInt32LE(0);
  return end > bytes.length ? undefined : bytes.toString('utf8', 4, end);
}

/** Ceph's encoding of a map: how many entries, and each one's key and value. */
export function encodeMap(entries: ReadonlyArray<readonly [string, string]>): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(entries.length);
  return Buffer.concat([count, ...entries.flat().map(encodeText)]);
}
