import { type StatusObject, status } from '@grpc/grpc-js';
import { VolumeError } from '../../volume/errors.js';

export type Status = Pick<StatusObject, 'code' | 'details'>;

/** A method of a served service that has no handler. */
export class NotImplemented extends Error {
  override readonly name = 'NotImplemented';
}

/** What a caller is told of a failure: the RPC, what is wrong, what to do. Anything unforeseen is INTERNAL. */
export function toStatus(rpc: string, error: unknown, requestId: string): Status {
  if (error instanceof VolumeError)
    return {
      code: status[error.code],
      details: `${rpc}: ${error.message}. ${error.remedy}`,
    };
  if (error instanceof NotImplemented)
    return {
      code: status.UNIMPLEMENTED,
      details: `${rpc}: this plugin does not have it. Ask for the capabilities first.`,
    };
  return {
    code: status.INTERNAL,
    details: `${rpc}: internal error; the plugin's log has it under request id ${requestId}`,
  };
}
