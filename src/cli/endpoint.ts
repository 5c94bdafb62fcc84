import type { Role } from './controllers.js';

/** An address that stands for a controller that is registered in Consul: `consul://`, and the service's name. */
const IN_CONSUL = 'consul://';

export function isInConsul(address: string): boolean {
  return address.startsWith(IN_CONSUL);
}

/**
 * The address that is meant: one of Consul's is looked up there, any other is what it is. Throws CommandError where
 * no such plugin is there or can be reached.
 */
export async function resolveEndpoint(address: string, role: Role): Promise<string> {
  if (!isInConsul(address)) return address;
  const { findInConsul } = await import('./controllers.js');
  return findInConsul(address.slice(IN_CONSUL.length), role);
}
