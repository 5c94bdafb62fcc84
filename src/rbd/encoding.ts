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

/** Ceph's encoding of a struct: its version, the oldest that can read it, its length and its members. */
export function encodeStruct(version: number, compatible: number, body: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt8(version, 0);
  head.writeUInt8(compatible, 1);
  head.writeUInt32LE(body.length, 2);
  return Buffer.concat([head, body]);
}
