import { isDeepStrictEqual } from 'node:util';
import type { ClusterSettings, Settings } from '../config/settings.js';
import type { ConsulOptions, InConsul, Registrant } from './consul.js';

/** The plugin's connection to Consul, whose package is loaded when the settings first ask for it. */
export class ConsulLink {
  #settings: Settings | undefined;
  #opened: InConsul | undefined;
  #registrant: Registrant | undefined;

  constructor(private readonly options: ConsulOptions) {}

  /** Takes over what the settings say of Consul. */
  async follow(settings: Settings): Promise<void> {
    const { consul, registration } = settings;
    const before = [this.#settings?.consul, this.#settings?.registration];
    this.#settings = settings;
    if (isDeepStrictEqual(before, [consul, registration])) return;
    await this.#opened?.end();
    this.#opened = undefined;
    if (consul === undefined) return;
    const { openConsul } = await import('./consul.js');
    this.#opened = openConsul(consul, this.options);
    if (this.#registrant !== undefined) this.#opened.register(settings, this.#registrant);
  }

  /** Tells Consul of the plugin from now on, where the settings say so. */
  register(registrant: Registrant): void {
    this.#registrant = registrant;
    if (this.#settings !== undefined) this.#opened?.register(this.#settings, registrant);
  }

  /** A cluster's settings, with its monitors in them. Fails with cluster-unavailable where none is known. */
  async resolve(cluster: ClusterSettings): Promise<ClusterSettings> {
    const { name, monitorsService: service } = cluster;
    if (service === undefined) return cluster;
    return { ...cluster, monitors: (await this.#opened?.monitors(name, service)) ?? [] };
  }

  /** The address of Consul's leader; undefined where nothing asks for Consul. Fails with ConsulError. */
  async leader(): Promise<string | undefined> {
    return this.#opened?.leader();
  }

  /** Takes the plugin off Consul's list, within seconds. */
  async end(): Promise<void> {
    await this.#opened?.end();
  }
}
