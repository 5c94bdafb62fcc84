import { CONSTANTS } from './declarations.js';
import { encodeText } from './encoding.js';
import { CephError, EEXIST, ENOENT, settle } from './errno.js';
import type { IoCtx } from './native.js';
import {
  assertExists,
  CONTENT_DIFFERS,
  createExclusively,
  exec,
  expectContent,
  removeObject,
  write,
} from './operations.js';

/** The object by which an image's name leads to its id: who makes it has the name. */
function idObject(name: string): string {
  return `rbd_id.${name}`;
}

const EVEN_IF_FULL = CONSTANTS.LIBRADOS_OPERATION_FULL_FORCE;

/** Gives an image a name, in a full pool too: a deletion that makes room may need it. False where another image has it; true where this one has it already. */
export async function takeName(
  io: IoCtx,
  name: string,
  imageId: string,
  operation: string,
): Promise<boolean> {
  const steps = [createExclusively, exec('rbd', 'set_id', encodeText(imageId))];
  const outcome = await settle(
    write(io, idObject(name), operation, steps, EVEN_IF_FULL).then(() => true),
    { [EEXIST]: false },
  );
  return outcome || isNameOf(io, name, imageId, operation);
}

/** Frees a name that is this image's. False where it is free or another one's, which is left alone. */
export function freeName(
  io: IoCtx,
  name: string,
  imageId: string,
  operation: string,
): Promise<boolean> {
  return onOwn(io, name, imageId, operation, true);
}

function isNameOf(io: IoCtx, name: string, imageId: string, operation: string): Promise<boolean> {
  return onOwn(io, name, imageId, operation, false);
}

async function onOwn(
  io: IoCtx,
  name: string,
  imageId: string,
  operation: string,
  remove: boolean,
): Promise<boolean> {
  try {
    await write(io, idObject(name), operation, [
      assertExists,
      expectContent(encodeText(imageId)),
      ...(remove ? [removeObject] : []),
    ]);
    return true;
  } catch (error) {
    if (error instanceof CephError && (error.errno === ENOENT || error.errno >= CONTENT_DIFFERS))
      return false;
    throw error;
  }
}
