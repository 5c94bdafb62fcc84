import { run } from '../run.js';
import type { Layout, USER } from './layout.js';

const CONNECT_LIMIT_S = 30;

/** Runs `ceph` as the administrator and returns what it printed. */
export function ceph(
  layout: Layout,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  return run('ceph', ['-c', layout.conf, '--connect-timeout', `${CONNECT_LIMIT_S}`, ...args], {
    signal,
  });
}

/** Runs `rbd` as the administrator, or as the user that Pannier has. */
export function rbd(
  layout: Layout,
  args: readonly string[],
  options: { readonly as?: 'admin' | typeof USER; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const { as = 'admin', signal } = options;
  return run('rbd', ['-c', layout.conf, '--id', as, ...args], { signal });
}
