import type { CheckOptions } from 'consul/lib/agent/check.js';
import type { ConsulClient } from './client.js';
import { Contact, type Told } from './contact.js';
import type { ConsulError } from './errors.js';

/** Consul takes what it has not heard of for so long for critical, in seconds. */
const TTL_S = 30;
/** How often Consul is told, in milliseconds. */
const TELL_MS = 10_000;
/** After failures it is told again sooner, then later and later. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** How long the end of the plugin waits for Consul to take it off its list, in milliseconds. */
const END_MS = 3_000;

/** How the plugin finds Ceph. */
export interface Health {
  readonly status: 'passing' | 'warning' | 'critical';
  /** For a person. */
  readonly note: string;
}

/** What Consul is told of a plugin. */
export interface Service {
  readonly name: string;
  /** Its own among all of the agent's, and the same after a restart. */
  readonly id: string;
  readonly tags: readonly string[];
  /** Undefined: the agent's. */
  readonly address: string | undefined;
  /** Undefined: none. */
  readonly port: number | undefined;
  readonly meta: Readonly<Record<string, string>>;
  readonly deregisterAfterMs: number;
}

export interface RegistrationOptions {
  readonly client: ConsulClient;
  readonly service: Service;
  /** Looks how Ceph is. It answers within seconds, and never fails. */
  readonly look: () => Promise<Health>;
  /** Told of each registration, and when Consul cannot be told. */
  readonly told: Pick<Told, 'lost'> & { registered(): void };
}

/**
 * Keeps a plugin registered as a service of the local agent, with two checks that it tells the state of: that it
 * lives, whose silence takes the service off the list in the end, and how it finds Ceph, which never does. Where
 * Consul was away or has forgotten the plugin it is told anew. Nobody waits for any of it.
 */
export class Registration {
  readonly #contact: Contact;
  #registered = false;
  #ended = false;
  #pause = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  /** Requests that may be under way. */
  #telling = Promise.resolve(0);

  constructor(private readonly options: RegistrationOptions) {
    this.#contact = new Contact({ found() {}, ...options.told });
    void this.#turn();
  }

  /** Takes the plugin off Consul's list, where that is done within seconds. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, END_MS);
    // A registration that is under way must not come after it.
    await Promise.race([this.#telling.then(() => this.#takeOff()), limit.promise]);
    clearTimeout(timer);
  }

  /** Looks, tells Consul, and does so again after a while. */
  async #turn(): Promise<void> {
    const health = await this.options.look();
    if (this.#ended) return;
    this.#telling = this.#tell(health);
    const pause = await this.#telling;
    if (!this.#ended) this.#timer = setTimeout(() => void this.#turn(), pause);
  }

  /** Tells Consul once, and answers when to tell it again, in milliseconds. */
  async #tell(health: Health): Promise<number> {
    try {
      if (this.#registered) await this.#update(health).catch((error) => this.#anew(health, error));
      else await this.#register(health);
      this.#contact.answered();
      this.#pause = FIRST_PAUSE_MS;
      return TELL_MS;
    } catch (error) {
      this.#registered = false;
      this.#contact.failed(error as ConsulError);
      const pause = this.#pause;
      this.#pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      return pause;
    }
  }

  /** An agent that has forgotten the plugin does not know its checks. */
  async #anew(health: Health, error: ConsulError): Promise<void> {
    if (error.status !== 404) throw error;
    await this.#register(health);
  }

  async #register(health: Health): Promise<void> {
    const { client, service, told } = this.options;
    const { deregisterAfterMs, name, id, address, port } = service;
    const ttl = `${TTL_S}s`;
    await client.agent((consul, options) =>
      consul.agent.service.register({
        ...options,
        ...{ name, id, tags: [...service.tags], meta: { ...service.meta } },
        ...(address === undefined ? {} : { address }),
        ...(port === undefined ? {} : { port }),
        checks: [
          {
            ...{ checkid: aliveCheck(id), name: 'Plugin', ttl, status: 'passing' },
            deregistercriticalserviceafter: `${Math.ceil(deregisterAfterMs / 1000)}s`,
          },
          // Agents pass on at once what a check says only where its status becomes another one with it.
          {
            ...{ checkid: cephCheck(id), name: 'Ceph', ttl },
            status: health.status === 'critical' ? 'warning' : 'critical',
          },
        ] as CheckOptions[],
      }),
    );
    this.#registered = true;
    told.registered();
    await this.#update(health);
  }

  async #update({ status, note }: Health): Promise<void> {
    const { client, service } = this.options;
    const verb = VERBS[status];
    await client.agent((consul, options) =>
      consul.agent.check.pass({ ...options, id: aliveCheck(service.id), note: 'it runs' }),
    );
    await client.agent((consul, options) =>
      consul.agent.check[verb]({ ...options, id: cephCheck(service.id), note }),
    );
  }

  async #takeOff(): Promise<void> {
    const { client, service } = this.options;
    try {
      await client.agent(
        (consul, options) => consul.agent.service.deregister({ ...options, id: service.id }),
        END_MS,
      );
    } catch (error) {
      const failure = error as ConsulError;
      if (failure.status !== 404) this.#contact.failed(failure);
    }
  }
}

const VERBS = { passing: 'pass', warning: 'warn', critical: 'fail' } as const;

function aliveCheck(id: string): string {
  return `${id}:plugin`;
}

function cephCheck(id: string): string {
  return `${id}:ceph`;
}
