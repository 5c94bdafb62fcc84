import type { ServiceClient } from '../csi/wire/client.js';
import type { Admin } from '../proto/pannier/admin/v1/admin_pb.js';
import { CommandError } from './errors.js';
import { ifOffered, type Plugin } from './plugin.js';

type Ask<T> = (admin: ServiceClient<typeof Admin>) => Promise<T>;

/** Asks what only Pannier's controller answers. Throws CommandError where the plugin is another one. */
export async function askAdmin<T>(plugin: Plugin, ask: Ask<T>): Promise<T> {
  const answer = await askIfAdmin(plugin, ask);
  if (answer !== null) return answer;
  throw new CommandError('the plugin offers nothing of this beside CSI', {
    code: 'UNIMPLEMENTED',
    remedy:
      'Point -endpoint to a controller of Pannier; `pannier plugin status` shows what answers.',
  });
}

/** The same; null where the plugin is another one. */
export async function askIfAdmin<T>(plugin: Plugin, ask: Ask<T>): Promise<T | null> {
  return ifOffered(ask(await plugin.admin()));
}
