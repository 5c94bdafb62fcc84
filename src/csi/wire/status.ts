import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { VolumeError } from '../../volume/errors.js';

export type Status = Pick<StatusObject, 'code' | 'details' | 'metadata'>;

/**
 * The trailer that holds what to do about a failure, percent-encoded. The details end with the same words, since
 * most callers show nothing else; who knows the trailer can tell the two apart.
 */
export const REMEDY = 'pannier-remedy';

/** A method of a served service that has no handler. */
export class NotImplemented extends Error {
  override readonly name = 'NotImplemented';
}

/** What a caller is told of a failure: the RPC, what is wrong, what to do. Anything unforeseen is INTERNAL. */
export function toStatus(rpc: string, error: unknown, requestId: string): Status {
  if (error instanceof VolumeError)
    return answer(status[error.code], `${rpc}: ${error.message}`, error.remedy);
  if (error instanceof NotImplemented)
    return answer(
      status.UNIMPLEMENTED,
      `${rpc}: this plugin does not have it`,
      'Ask for the capabilities first.',
    );
  return answer(
    status.INTERNAL,
    `${rpc}: internal error; the plugin's log has it under request id ${requestId}`,
  );
}

function answer(code: status, message: string, remedy?: string): Status {
  const metadata = new Metadata();
  if (remedy === undefined) return { code, details: message, metadata };
  metadata.set(REMEDY, encodeURIComponent(remedy));
  return { code, details: `${message}. ${remedy}`, metadata };
}
