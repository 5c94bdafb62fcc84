import { type StatusObject, status } from '@grpc/grpc-js';
import { VolumeError } from '../../volume/errors.js';

export type Status = Pick<StatusObject, 'code' | 'details'>;

/** What a caller is told of a failure: the RPC, what is wrong, what to do. Anything unforeseen is INTERNAL. */
export function toStatus(rpc: string, error: unknown, requestId: string): Status {
  if (error instanceof VolumeError)
    return {
      code: status[error.code],
      details: `${rpc}: ${error.message}. ${error.remedy}`,
    };
  return {
    code: status.INTERNAL,
    details: `${rpc}: internal error; the plugin's log has it under request id ${requestId}`,
  };
}
