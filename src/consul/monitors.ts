import type { ConsulClient } from './client.js';
import { Contact, type Told } from './contact.js';
import { followInstances, type Instance } from './services.js';

/** How long a connection waits for the first answer, in milliseconds. */
const FIRST_ANSWER_MS = 5_000;

export interface MonitorsOptions {
  readonly client: ConsulClient;
  /** Who is told of the contact with Consul, by the service's name. */
  readonly told: (service: string) => Told;
  /** Called where of all the addresses of a service that were answered none is left. */
  readonly onMoved: (service: string) => void;
}

/** Ceph's monitors as Consul knows them, by the names of their services. Each is followed from the first question on. */
export class Monitors {
  readonly #services = new Map<string, Followed>();

  constructor(private readonly options: MonitorsOptions) {}

  /** host or host:port of each; while Consul is away, as it last said. Fails with an Error where it never did. */
  addresses(service: string): Promise<readonly string[]> {
    const known = this.#services.get(service) ?? new Followed(service, this.options);
    this.#services.set(service, known);
    return known.addresses();
  }

  end(): void {
    for (const followed of this.#services.values()) followed.end();
  }
}

/** One service. */
class Followed {
  readonly end: () => void;
  #known: readonly string[] = [];
  /** Addresses that connections may have been made with. */
  #answered: readonly string[] = [];
  #problem: string | undefined;
  /** Ends the waiting for the first word from Consul. */
  readonly #heard = Promise.withResolvers<void>();

  constructor(
    private readonly service: string,
    { client, told, onMoved }: MonitorsOptions,
  ) {
    const contact = new Contact(told(service));
    this.end = followInstances(client, service, {
      onValue: (instances) => {
        const found = addressesOf(instances);
        // What was known last is a better guess than nothing.
        if (found.length > 0) this.#known = found;
        this.#problem = `Consul has no service "${service}"`;
        this.#heard.resolve();
        if (this.#answered.length === 0) return;
        if (this.#known.some((one) => this.#answered.includes(one))) return;
        this.#answered = [];
        onMoved(service);
      },
      onProblem: (error) => {
        this.#problem = error.message;
        this.#heard.resolve();
        contact.failed(error);
      },
      onAnswer: () => contact.answered(),
    });
  }

  async addresses(): Promise<readonly string[]> {
    const limit = setTimeout(() => this.#heard.resolve(), FIRST_ANSWER_MS);
    await this.#heard.promise;
    clearTimeout(limit);
    if (this.#known.length === 0)
      throw new Error(
        `its monitors are not known: ${this.#problem ?? `Consul has not answered for "${this.service}"`}`,
      );
    this.#answered = this.#known;
    return this.#known;
  }
}

/** Those that Consul takes for healthy; all of them where it does so of none, since Ceph itself knows better. */
function addressesOf(instances: readonly Instance[]): string[] {
  const healthy = instances.filter(({ health }) => health !== 'critical');
  return (healthy.length > 0 ? healthy : instances).map(({ address, port }) => {
    const host = address.includes(':') ? `[${address}]` : address;
    return port === 0 ? host : `${host}:${port}`;
  });
}
