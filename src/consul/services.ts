import type Consul from 'consul';
import type { ConsulClient, RequestOptions } from './client.js';
import type { Following } from './follow.js';

/** An instance of a service. */
export interface Instance {
  readonly id: string;
  /** The name of the node whose agent has it. */
  readonly node: string;
  /** The service's address, or else its node's. */
  readonly address: string;
  /** 0: it has none. */
  readonly port: number;
  readonly meta: Readonly<Record<string, string>>;
  /** The worst of its checks and its node's. */
  readonly health: 'passing' | 'warning' | 'critical';
  /** What the checks say that do not pass. */
  readonly problems: readonly string[];
}

/** As the package answers it. */
interface Entry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    /** Absent where it is 0. */
    readonly Port?: number;
    readonly Meta: Readonly<Record<string, string>> | null;
  };
  readonly Checks: ReadonlyArray<{
    readonly Name: string;
    readonly Status: string;
    readonly Output: string;
  }>;
}

/** All instances of a service, healthy or not; none where it is not registered. Fails with ConsulError. */
export async function instancesOf(
  client: ConsulClient,
  service: string,
): Promise<readonly Instance[]> {
  return (await client.datacenter(ask(service))).map(instance);
}

/** Follows what `instancesOf` answers. */
export function followInstances(
  client: ConsulClient,
  service: string,
  { onValue, ...following }: Following<readonly Instance[]>,
): () => void {
  return client.follow(ask(service), {
    ...following,
    onValue: (found) => onValue(found.map(instance)),
  });
}

function ask(service: string) {
  return (consul: Consul, options: RequestOptions): Promise<Entry[]> =>
    consul.health.service({ ...options, service });
}

function instance({ Node, Service, Checks }: Entry): Instance {
  const failing = Checks.filter(({ Status }) => Status !== 'passing');
  return {
    id: Service.ID,
    node: Node.Node,
    address: Service.Address || Node.Address,
    port: Service.Port ?? 0,
    meta: Service.Meta ?? {},
    health:
      failing.length === 0
        ? 'passing'
        : failing.every(({ Status }) => Status === 'warning')
          ? 'warning'
          : 'critical',
    problems: failing.map(({ Name, Output }) => `${Name}: ${Output.trim() || 'no word from it'}`),
  };
}
