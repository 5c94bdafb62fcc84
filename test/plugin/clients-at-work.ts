import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { CallError, type Connection, connect } from '../../src/csi/wire/client.js';
import { Controller, type VolumeContentSourceSchema } from '../../src/proto/csi/v1/csi_pb.js';
import type { LabPlugin } from '../lab/plugin.js';
import { blockAs, MIB } from './refusal.js';

const SIZE = 8n * MIB;
const PAUSE_MS = 100;

/** A call that was not answered OK. */
export interface Failure {
  readonly client: string;
  readonly code: string;
  readonly message: string;
}

/** What a client was told to be there, and has not deleted. */
export interface Kept {
  readonly volumes: Set<string>;
  readonly snapshots: Set<string>;
  readonly deleted: Set<string>;
}

/** An orchestrator that repeats each call until it is OK, round after round. */
export class WorkingClient {
  readonly failures: Failure[] = [];
  readonly kept: Kept = { volumes: new Set(), snapshots: new Set(), deleted: new Set() };
  readonly #connection: Connection;
  readonly #work: Promise<void>;
  #rounds = 0;
  #ending = false;

  constructor(
    plugin: LabPlugin,
    readonly name: string,
    /** How long it waits for an answer. */
    limitMs: number,
  ) {
    this.#connection = connect(plugin.endpoint, { limitMs });
    this.#work = this.#loop();
    this.#work.catch(() => undefined);
  }

  /** Until it has gone through so many more rounds. */
  async more(rounds: number): Promise<void> {
    const wanted = this.#rounds + rounds;
    while (this.#rounds < wanted) await Promise.race([sleep(PAUSE_MS), this.#stopped()]);
  }

  /** Ends after the round that is under way. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#work;
    this.#connection.close();
  }

  /** Fails where the work did. */
  async #stopped(): Promise<void> {
    await this.#work;
    throw new Error(`${this.name} has ended`);
  }

  async #loop(): Promise<void> {
    while (!this.#ending) {
      await this.#round(`${this.name}-${this.#rounds}`);
      this.#rounds += 1;
    }
  }

  /** create, snapshot, restore, clone, list; every other round deletes what it made. */
  async #round(name: string): Promise<void> {
    const volume = await this.#create(name);
    const { snapshot } = await this.#untilOk(() =>
      this.#controller.createSnapshot({ name, sourceVolumeId: volume }),
    );
    const snapshotId = snapshot?.snapshotId ?? '';
    this.kept.snapshots.add(snapshotId);
    const restored = await this.#create(`${name}-restored`, {
      type: { case: 'snapshot', value: { snapshotId } },
    });
    const cloned = await this.#create(`${name}-cloned`, {
      type: { case: 'volume', value: { volumeId: volume } },
    });
    const { entries } = await this.#untilOk(() =>
      this.#controller.listSnapshots({ sourceVolumeId: volume }),
    );
    const listed = entries.map((entry) => entry.snapshot?.snapshotId);
    if (listed.join() !== snapshotId) throw new Error(`${name}: listed ${listed.join()}`);
    const all = [volume, restored, cloned];
    await Promise.all(
      all.map((volumeId) =>
        this.#untilOk(() => this.#controller.controllerGetVolume({ volumeId })),
      ),
    );
    if (this.#rounds % 2 === 1) await this.#delete(all, snapshotId);
  }

  async #delete(volumes: readonly string[], snapshotId: string): Promise<void> {
    const { kept } = this;
    for (const volumeId of volumes) {
      await this.#untilOk(() => this.#controller.deleteVolume({ volumeId }));
      kept.volumes.delete(volumeId);
      kept.deleted.add(volumeId);
    }
    await this.#untilOk(() => this.#controller.deleteSnapshot({ snapshotId }));
    kept.snapshots.delete(snapshotId);
  }

  async #create(
    name: string,
    volumeContentSource?: MessageInitShape<typeof VolumeContentSourceSchema>,
  ): Promise<string> {
    const { volume } = await this.#untilOk(() =>
      this.#controller.createVolume({
        name,
        capacityRange: { requiredBytes: SIZE },
        volumeCapabilities: [blockAs()],
        ...(volumeContentSource === undefined ? {} : { volumeContentSource }),
      }),
    );
    const volumeId = volume?.volumeId ?? '';
    this.kept.volumes.add(volumeId);
    return volumeId;
  }

  async #untilOk<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const { code, message } = error;
        this.failures.push({ client: this.name, code, message });
        if (code !== 'UNAVAILABLE' && code !== 'DEADLINE_EXCEEDED') throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  get #controller() {
    return this.#connection.service(Controller);
  }
}
