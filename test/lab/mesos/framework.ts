import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../src/cli/package.js';
import { records } from './recordio.js';
import { merged, type Resource, type Want } from './resources.js';

const LIMIT_MS = 120_000;
const EXECUTOR = join(packageRoot(), 'dist', 'test', 'lab', 'mesos', 'executor.js');

interface Id {
  readonly value: string;
}

interface Claim {
  readonly agent: string;
  readonly resource: Resource;
  readonly offers: readonly Id[];
}

interface Offer {
  readonly id: Id;
  readonly agent_id: Id;
  readonly resources: readonly Resource[];
}

/** How an operation ended, or a task is. */
export interface Status {
  readonly state: string;
  readonly message?: string;
}

export interface OperationStatus extends Status {
  readonly operation_id?: Id;
  readonly converted_resources?: readonly Resource[];
  readonly uuid?: Id;
  readonly agent_id?: Id;
  readonly resource_provider_id?: Id;
}

export interface TaskStatus extends Status {
  readonly task_id: Id;
  readonly agent_id: Id;
  readonly uuid?: string;
  readonly reason?: string;
}

interface Event {
  readonly type: string;
  readonly subscribed?: { readonly framework_id: Id };
  readonly offers?: { readonly offers: readonly Offer[] };
  readonly rescind?: { readonly offer_id: Id };
  readonly update?: { readonly status: TaskStatus };
  readonly update_operation_status?: { readonly status: OperationStatus };
  readonly error?: { readonly message: string };
}

export interface TaskOptions {
  /** A shell script; what it prints is the message of the task's last status. */
  readonly script: string;
  /** Resources besides cpus and mem, all of them in offers. */
  readonly resources?: readonly Resource[];
  /** Of the executor's container, as Volume messages. */
  readonly volumes?: readonly object[];
}

/** An offer was rescinded while it was accepted. */
const NO_OFFER = /no longer valid/;
const ENDED = /^TASK_(FINISHED|FAILED|KILLED|ERROR|LOST|DROPPED|GONE)/;

/** A framework of Mesos's v1 scheduler API. It holds all offers that it gets, until it rests. */
export class Framework {
  readonly #offers = new Map<string, Offer>();
  readonly #operations = new Map<string, OperationStatus>();
  readonly #tasks = new Map<string, TaskStatus[]>();
  readonly #abort = new AbortController();
  #changed = Promise.withResolvers<void>();
  #stream = '';
  #id: Id | undefined;
  #problem: string | undefined;

  constructor(
    readonly role: string,
    /** Of the master: "127.0.0.1:20000". */
    private readonly master: string,
    /** Where scripts of tasks run is told by a path below this folder, among the executors' arguments. */
    private readonly folder: string,
  ) {}

  get id(): string {
    return this.#id?.value ?? '';
  }

  /** Registers it, and follows what the master says until `end`. */
  async subscribe(): Promise<void> {
    const framework_info = {
      ...{ user: 'root', name: this.role, roles: [this.role] },
      ...{ checkpoint: true, failover_timeout: 3600 },
      capabilities: ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE'].map((type) => ({
        type,
      })),
    };
    const response = await this.#post({ type: 'SUBSCRIBE', subscribe: { framework_info } });
    this.#stream = response.headers.get('mesos-stream-id') ?? '';
    void this.#follow(response.body as AsyncIterable<Uint8Array>);
    await this.#until(() => this.#id, 'its registration');
  }

  /** Its tasks and executors end with it. */
  async teardown(): Promise<void> {
    await this.#call('TEARDOWN').catch(() => {});
    this.#abort.abort();
  }

  /** Leaves all resources to other frameworks, until it wakes. */
  async rest(): Promise<void> {
    await this.#call('SUPPRESS');
    const offer_ids = [...this.#offers.values()].map(({ id }) => id);
    this.#offers.clear();
    await this.#call('DECLINE', { offer_ids, filters: { refuse_seconds: 0 } });
  }

  async wake(): Promise<void> {
    await this.#call('REVIVE');
  }

  /** Waits for a resource in an offer, of any agent or of that one. */
  async offered(want: Want, agent?: string): Promise<{ agent: string; resource: Resource }> {
    return this.#until(() => this.#find(want, agent), 'a resource in an offer');
  }

  /** Waits until no offer has a resource. */
  async vanished(want: Want): Promise<void> {
    await this.#until(() => (this.#find(want) === undefined ? true : undefined), 'its end');
  }

  /** The resources in offers now. */
  get resources(): readonly Resource[] {
    return [...this.#offers.values()].flatMap(({ resources }) => resources);
  }

  /** The disks in offers now, by what they are of. */
  get disks(): readonly Resource[] {
    return this.resources.filter(({ disk }) => disk?.source !== undefined);
  }

  /**
   * Does one operation on a resource that is waited for, and returns how it ended. One that Mesos dropped or did not
   * take, since the provider had reported anew meanwhile, is sent again with the next offer, as every framework has to.
   */
  async operate(
    want: Want,
    type: string,
    body: (resource: Resource) => object,
    agent?: string,
  ): Promise<OperationStatus> {
    for (const limit = Date.now() + LIMIT_MS; ; ) {
      const status = await this.begin(want, type, body, agent).then(({ ended }) => ended());
      const isLate = status.state === 'OPERATION_DROPPED' || NO_OFFER.test(status.message ?? '');
      if (!isLate || Date.now() > limit) return status;
    }
  }

  /** Sends one operation, and returns a wait for its end. */
  async begin(
    want: Want,
    type: string,
    body: (resource: Resource) => object,
    agent?: string,
  ): Promise<{ id: string; ended: () => Promise<OperationStatus> }> {
    const found = await this.#claim(want, agent, () => true);
    const id = randomUUID();
    const field = type.toLowerCase();
    await this.#accept(found.offers, [{ type, id: { value: id }, [field]: body(found.resource) }]);
    const terminal = () => {
      const status = this.#operations.get(id);
      return /_(FINISHED|FAILED|ERROR|DROPPED|GONE_BY_OPERATOR)$/.test(status?.state ?? '')
        ? status
        : undefined;
    };
    return { id, ended: () => this.#until(terminal, `the end of ${type}`) };
  }

  /** Launches a task, with operations before it, on an agent whose offer has the resource, until it is taken. */
  async launch(want: Want, options: (resource: Resource) => TaskOptions): Promise<string> {
    for (;;) {
      const name = await this.#launch(want, options);
      const { state, message = '' } = await this.task(name, /./);
      // A provider that reports anew in between gets it dropped, too.
      if (!/LOST|DROPPED|ERROR/.test(state) || !/no longer valid|offer/i.test(message)) return name;
    }
  }

  async #launch(want: Want, options: (resource: Resource) => TaskOptions): Promise<string> {
    const enough = (agent: string) => this.#find(hasCpus, agent) !== undefined;
    const found = await this.#claim(want, undefined, enough);
    const { script, resources = [], volumes = [] } = options(found.resource);
    const name = `task-${randomUUID().slice(0, 8)}`;
    this.#tasks.set(name, []);
    const command = `exec ${process.execPath} ${EXECUTOR} ${join(this.folder, name)}`;
    const task = {
      name,
      ...{ task_id: { value: name }, agent_id: { value: found.agent } },
      resources: [...this.#scalars(0.1, 32), ...resources],
      data: Buffer.from(script).toString('base64'),
      executor: {
        type: 'CUSTOM',
        executor_id: { value: name },
        framework_id: this.#id,
        resources: this.#scalars(0.1, 64),
        container: { type: 'MESOS', volumes },
        command: { value: command },
      },
    };
    await this.#accept(found.offers, [{ type: 'LAUNCH', launch: { task_infos: [task] } }]);
    return name;
  }

  /** Waits until a task is in a state, or has ended otherwise. */
  async task(name: string, state: RegExp = ENDED): Promise<TaskStatus> {
    return this.#until(
      () => this.#tasks.get(name)?.find((one) => state.test(one.state) || ENDED.test(one.state)),
      `task ${name} ${state}`,
    );
  }

  /** Runs a task to its end. */
  async run(want: Want, options: (resource: Resource) => TaskOptions): Promise<TaskStatus> {
    return this.task(await this.launch(want, options));
  }

  async kill(name: string): Promise<TaskStatus> {
    await this.#call('KILL', { task_id: { value: name } });
    return this.task(name);
  }

  #find(want: Want, agent?: string): { agent: string; resource: Resource } | undefined {
    const agents = new Set([...this.#offers.values()].map(({ agent_id }) => agent_id.value));
    for (const one of agent === undefined ? agents : [agent]) {
      const resource = merged(this.#offersOf(one).flatMap(({ resources }) => resources)).find(want);
      if (resource !== undefined) return { agent: one, resource };
    }
    return undefined;
  }

  #offersOf(agent: string): Offer[] {
    return [...this.#offers.values()].filter(({ agent_id }) => agent_id.value === agent);
  }

  /** Waits for a resource, and takes all offers of its agent, so that no other operation does. */
  #claim(want: Want, agent: string | undefined, fits: (agent: string) => boolean): Promise<Claim> {
    return this.#until(() => {
      const found = this.#find(want, agent);
      if (found === undefined || !fits(found.agent)) return undefined;
      const offers = this.#offersOf(found.agent).map(({ id }) => id);
      for (const { value } of offers) this.#offers.delete(value);
      return { ...found, offers };
    }, 'an offer with what it needs');
  }

  /** What is left of the offers is offered again at once. */
  #accept(offer_ids: readonly Id[], operations: readonly object[]): Promise<void> {
    return this.#call('ACCEPT', { offer_ids, operations, filters: { refuse_seconds: 0 } });
  }

  #scalars(cpus: number, mem: number): object[] {
    return Object.entries({ cpus, mem }).map(([name, value]) => ({
      ...{ name, type: 'SCALAR', scalar: { value } },
      allocation_info: { role: this.role },
    }));
  }

  async #follow(body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const event of records<Event>(body)) {
        await this.#take(event);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers<void>();
      }
      this.#problem = 'the master ended the stream';
    } catch (error) {
      this.#problem = String(error);
    }
    this.#changed.resolve();
  }

  async #take(event: Event): Promise<void> {
    if (event.error !== undefined) throw new Error(event.error.message);
    if (event.subscribed !== undefined) this.#id = event.subscribed.framework_id;
    for (const offer of event.offers?.offers ?? []) this.#offers.set(offer.id.value, offer);
    if (event.rescind !== undefined) this.#offers.delete(event.rescind.offer_id.value);
    if (event.update !== undefined) {
      const { status } = event.update;
      const { agent_id, task_id, uuid } = status;
      this.#tasks.get(task_id.value)?.push(status);
      if (uuid !== undefined) await this.#call('ACKNOWLEDGE', { agent_id, task_id, uuid });
    }
    const status = event.update_operation_status?.status;
    if (status?.operation_id === undefined) return;
    const { operation_id, uuid, agent_id, resource_provider_id } = status;
    this.#operations.set(operation_id.value, status);
    if (uuid === undefined) return;
    const ids = { operation_id, uuid: uuid.value, agent_id, resource_provider_id };
    await this.#call('ACKNOWLEDGE_OPERATION_STATUS', ids);
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    const limit = Date.now() + LIMIT_MS;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#problem !== undefined)
        throw new Error(`framework "${this.role}": ${this.#problem}`);
      const left = limit - Date.now();
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, left);
      await Promise.race([this.#changed.promise, late.promise]);
      clearTimeout(timer);
      if (Date.now() > limit)
        throw new Error(
          `framework "${this.role}": ${what} did not come; in offers: ${JSON.stringify(this.disks)}`,
        );
    }
  }

  async #call(type: string, body?: object): Promise<void> {
    const field = body === undefined ? {} : { [type.toLowerCase()]: body };
    await this.#post({ type, framework_id: this.#id, ...field });
  }

  async #post(message: object): Promise<Response> {
    const headers = {
      ...{ 'content-type': 'application/json', accept: 'application/json' },
      ...(this.#stream === '' ? {} : { 'mesos-stream-id': this.#stream }),
    };
    const url = `http://${this.master}/api/v1/scheduler`;
    const { signal } = this.#abort;
    const body = JSON.stringify(message);
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response;
  }
}

function hasCpus({ name, scalar }: Resource): boolean {
  return name === 'cpus' && scalar.value >= 0.2;
}

/** A framework that ends with the test file. */
export async function startFramework(
  role: string,
  master: string,
  folder: string,
): Promise<Framework> {
  const framework = new Framework(role, master, folder);
  t.teardown(() => framework.teardown());
  await framework.subscribe();
  return framework;
}
