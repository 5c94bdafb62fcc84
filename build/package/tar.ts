import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** One thing in an archive. Paths have no slash at either end. */
export type Entry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly executable: boolean;
      /** What the file holds, or the path of the file that holds it. */
      readonly content: Buffer | { readonly from: string };
    };

const BLOCK = 512;
const NAME_MAX = 100;
const PREFIX_MAX = 155;
const TYPE = { file: '0', link: '2', folder: '5' };

/**
 * An archive in POSIX's ustar format (pax(1)), in the order of the entries. It holds nothing of the machine that it
 * is made on: everything is root's and has the same time, `mtime`, in seconds since 1970.
 */
export async function* tar(entries: Iterable<Entry>, mtime: number): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const size = entry.kind === 'file' ? await sizeOf(entry.content) : 0;
    yield header(entry, size, mtime);
    if (entry.kind !== 'file') continue;
    if (Buffer.isBuffer(entry.content)) yield entry.content;
    else yield* createReadStream(entry.content.from);
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

async function sizeOf(content: Buffer | { readonly from: string }): Promise<number> {
  return Buffer.isBuffer(content) ? content.length : (await stat(content.from)).size;
}

function header(entry: Entry, size: number, mtime: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = split(entry.path);
  const mode = entry.kind === 'file' && !entry.executable ? 0o644 : 0o755;
  block.write(name, 0);
  octal(block, mode, 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  octal(block, size, 124, 12);
  octal(block, mtime, 136, 12);
  block.write(TYPE[entry.kind], 156);
  if (entry.kind === 'link') block.write(fitting(entry.target), 157);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.write(prefix, 345);
  // The sum of all bytes, with blanks where it will be.
  block.fill(' ', 148, 156);
  octal(
    block,
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function octal(block: Buffer, value: number, offset: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset);
}

/** A path over 100 bytes is written in two parts, which a slash joins. */
function split(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= NAME_MAX) return { name: path, prefix: '' };
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const prefix = path.slice(0, at);
    if (Buffer.byteLength(prefix) <= PREFIX_MAX)
      return { name: fitting(path.slice(at + 1)), prefix };
  }
  return { name: fitting(path), prefix: '' };
}

function fitting(name: string): string {
  if (Buffer.byteLength(name) > NAME_MAX) throw new Error(`too long for a tar archive: ${name}`);
  return name;
}
