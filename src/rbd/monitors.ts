import { check } from './errno.js';
import { call, callAsync, copyBytes, Memory } from './native.js';
import type { Session } from './session.js';

/** Runs a command of the monitors and returns what it printed. */
export async function monitorCommand(
  { rados }: Session,
  command: string,
  operation: string,
): Promise<string> {
  using out = new Memory(32);
  const result = await callAsync(
    'rados_mon_command',
    rados,
    [command],
    1,
    null,
    0,
    out.at(0),
    out.at(8),
    out.at(16),
    out.at(24),
  );
  const [printed, status] = [out.uint64(0), out.uint64(16)];
  try {
    check(result, operation);
    return copyBytes(printed, Number(out.uint64(8))).toString();
  } finally {
    if (printed !== 0n) call('rados_buffer_free', printed);
    if (status !== 0n) call('rados_buffer_free', status);
  }
}
