import { DEFAULT_NAME_PREFIX, imageName } from '../../../src/volume/name.js';
import { Contents } from '../../lab/content.js';
import type { LabPlugin } from '../../lab/plugin.js';
import { create, fromSnapshot, fromVolume, type Source } from '../crash/calls.js';
import { type Answer, answerOf, type Fleet, isUnknown } from './fleet.js';
import { type KnownSnapshot, SnapshotModel, VolumeModel } from './model.js';
import { Gate, type Random } from './random.js';

const MIB = 1n << 20n;
const SIZE = 8n * MIB;
/** Images are read whole: they must not become large. */
const LARGEST = 24n * MIB;
const VOLUMES = 6;
const SNAPSHOT_NAMES = 5;

/** Codes that calls may answer beside OK and those that leave it open, and no others. */
const ALLOWED = {
  create: ['NOT_FOUND', 'FAILED_PRECONDITION'],
  snapshot: ['NOT_FOUND', 'FAILED_PRECONDITION', 'ALREADY_EXISTS'],
  expand: ['NOT_FOUND', 'FAILED_PRECONDITION'],
  delete: [],
  undelete: ['NOT_FOUND'],
  unsnap: [],
} as const;

interface Volume {
  readonly model: VolumeModel;
  readonly gate: Gate;
}

/**
 * Callers that create, snapshot, clone, restore, grow, delete and take back the same few volumes at random, and write
 * down what was answered. Whatever contradicts that is in `wrong`.
 */
export class Crowd {
  readonly wrong: unknown[] = [];
  /** How often each call was answered with each code. */
  readonly answers = new Map<string, number>();
  readonly #volumes: readonly Volume[];
  readonly #snapshots = new SnapshotModel();
  readonly #contents: Contents;
  #tags = 0;

  constructor(
    private readonly fleet: Fleet,
    private readonly random: Random,
  ) {
    const { ceph } = fleet;
    this.#contents = new Contents(ceph);
    this.#volumes = Array.from({ length: VOLUMES }, (_, n) => {
      const name = `volume-${n}`;
      const image = imageName(name, DEFAULT_NAME_PREFIX);
      const model = new VolumeModel(name, `${ceph.name}/${ceph.pool}/${image}`);
      return { model, gate: new Gate() };
    });
  }

  /** Makes every volume for the first time. */
  async begin(): Promise<void> {
    for (const { model } of this.#volumes) await this.#renew(model, undefined);
  }

  /** Sends calls, several at once, for so many milliseconds. */
  async work(callers: number, ms: number): Promise<void> {
    const until = performance.now() + ms;
    const one = async () => {
      while (performance.now() < until) await this.#act();
    };
    await Promise.all(Array.from({ length: callers }, one));
  }

  /** Looks at everything while nobody calls. */
  async check(): Promise<void> {
    for (const { model } of this.#volumes) await this.#verify(model);
    for (const plugin of this.fleet.alive) {
      const { entries } = await plugin.controller.listSnapshots({});
      const listed = new Set(entries.map(({ snapshot }) => snapshot?.snapshotId ?? ''));
      const found = this.#snapshots.wrongIn(listed);
      if (Object.values(found as Record<string, unknown[]>).some((some) => some.length > 0))
        this.wrong.push({ snapshots: found });
    }
  }

  /** Takes everything away, as somebody who was told of all of it would. */
  async end(): Promise<void> {
    for (const { model } of this.#volumes) await this.#remove(model);
    // A call that was not answered is sent again, which tells what became of it.
    for (const { name, volumeId } of this.#snapshots.unanswered.values()) {
      const again = await this.fleet.settled(0, (plugin) => snap(plugin, name, volumeId));
      if (again.value !== undefined)
        this.#snapshots.known.set(again.value.id, {
          ...{ ...again.value, tags: new Set(), deletion: 'none' },
        });
    }
    for (const { id } of this.#snapshots.known.values())
      this.#note('unsnap', await this.fleet.settled(0, (plugin) => unsnap(plugin, id)));
  }

  async #act(): Promise<void> {
    const { model, gate } = this.random.of(this.#volumes);
    const dice = this.random.below(100);
    if (dice < 12) {
      await gate.alone(async () => {
        await this.#verify(model);
        if (dice < 9) await this.#renew(model, this.#source(model));
      });
    } else await gate.beside(() => this.#change(model, dice));
  }

  /** One call for a volume, beside those of others. */
  async #change(model: VolumeModel, dice: number): Promise<void> {
    const { volumeId, imageId } = model;
    if (dice < 35) await this.#snapshot(model);
    else if (dice < 50) await this.#unsnapshot();
    else if (dice < 65) {
      const sizeBytes = SIZE + BigInt(this.random.below(Number((LARGEST - SIZE) / MIB))) * MIB;
      const answers = await this.#send('expand', async ({ controller }) => {
        const capacityRange = { requiredBytes: sizeBytes };
        await controller.controllerExpandVolume({ volumeId, capacityRange });
      });
      for (const answer of answers) model.grown(sizeBytes, answer);
    } else if (dice < 80) {
      const answers = await this.#send('delete', ({ controller }) =>
        controller.deleteVolume({ volumeId }),
      );
      for (const answer of answers) model.changed(false, answer);
    } else {
      const answers = await this.#send('undelete', ({ admin }) =>
        admin.undeleteVolume({ volumeId, imageId }),
      );
      for (const answer of answers) model.changed(true, answer);
    }
  }

  async #snapshot({ volumeId, tag = '' }: VolumeModel): Promise<void> {
    const name = `snapshot-${this.random.below(SNAPSHOT_NAMES)}`;
    const answers = await this.#send('snapshot', (plugin) => snap(plugin, name, volumeId));
    for (const answer of answers) this.#snapshots.taken({ name, volumeId, tag }, answer);
  }

  async #unsnapshot(): Promise<void> {
    const all = [...this.#snapshots.known.values()].filter(({ deletion }) => deletion === 'none');
    if (all.length === 0) return;
    const known = this.random.of(all);
    known.deletion = 'asked';
    const answers = await this.#send('unsnap', (plugin) => unsnap(plugin, known.id));
    if (answers.some(({ code }) => code === 'OK')) known.deletion = 'done';
  }

  /** What a volume is to be made of next: nothing, a snapshot, or another volume. */
  #source(model: VolumeModel): KnownSnapshot | Volume | undefined {
    const snapshots = [...this.#snapshots.known.values()].filter(
      ({ deletion }) => deletion === 'none',
    );
    const choice = this.random.below(3);
    if (choice === 0) return undefined;
    if (choice === 1 && snapshots.length > 0) return this.random.of(snapshots);
    return this.random.of(this.#volumes.filter((volume) => volume.model !== model));
  }

  /** Deletes a volume for good and makes it anew; nobody else calls for it meanwhile. */
  async #renew(model: VolumeModel, source: KnownSnapshot | Volume | undefined): Promise<void> {
    await this.#remove(model);
    if (source === undefined) return this.#makeBlank(model);
    if ('tags' in source) {
      const made = await this.#make(model, source.sizeBytes, fromSnapshot(source.id));
      if (made === undefined) return this.#makeBlank(model);
      return this.#mustHold(model, made, source.tags);
    }
    const from = source.model;
    const done = await source.gate.beside(async () => {
      // It may grow while it is cloned, and no clone is smaller than its source.
      const made = await this.#make(model, LARGEST, fromVolume(from.volumeId));
      if (made !== undefined) await this.#mustHold(model, made, new Set([from.tag ?? '']));
      return made;
    });
    if (done === undefined) await this.#makeBlank(model);
  }

  async #makeBlank(model: VolumeModel): Promise<void> {
    const sizeBytes = await this.#make(model, SIZE, undefined);
    if (sizeBytes === undefined) {
      this.wrong.push({ 'no volume could be made': model.describe() });
      return;
    }
    const tag = `tag-${++this.#tags}`;
    await this.#contents.write(model.volumeId, tag);
    await this.#begin(model, sizeBytes, tag);
  }

  /** Has several controllers create the same; undefined where its source is gone by now. */
  async #make(
    { name, volumeId }: VolumeModel,
    sizeBytes: bigint,
    source: Source | undefined,
  ): Promise<bigint | undefined> {
    const wishes = { sizeBytes, ...(source === undefined ? {} : { source }) };
    const call = (plugin: LabPlugin) => create(plugin, name, wishes);
    const first = await this.#send('create', call);
    let made = first.find(({ code }) => code === 'OK');
    // One that was overtaken, or whose controller died, says nothing: the call is sent again.
    if (first.some(isUnknown)) made = await this.fleet.settled(this.random.below(3), call, 20);
    if (made?.code !== 'OK') return undefined;
    if (made.value !== volumeId) this.wrong.push({ name, 'came out as': made.value });
    return sizeBytes;
  }

  /** A restore holds what its source held: another pattern, or none, is what a wrong or torn one would have. */
  async #mustHold(model: VolumeModel, sizeBytes: bigint, tags: ReadonlySet<string>): Promise<void> {
    const hash = await this.#contents.hashOf(model.volumeId);
    const tag = [...tags].find((one) => this.#contents.expected(sizeBytes, one) === hash);
    if (tag === undefined) this.wrong.push({ restored: model.name, tags: [...tags] });
    await this.#begin(model, sizeBytes, tag);
  }

  /** A new incarnation is there. */
  async #begin(model: VolumeModel, sizeBytes: bigint, tag: string | undefined): Promise<void> {
    model.imageId = await this.#contents.imageIdOf(model.volumeId);
    model.begin(sizeBytes, tag);
  }

  /** Deletes a volume, and what is kept of it. */
  async #remove({ volumeId, name, imageId }: VolumeModel): Promise<void> {
    const first = this.random.below(3);
    const remove = ({ controller }: LabPlugin) => controller.deleteVolume({ volumeId });
    // An undeletion that was cut short is finished first.
    await this.fleet.settled(first, ({ admin }) => admin.undeleteVolume({ volumeId, imageId }));
    const deleted = await this.fleet.settled(first, remove);
    if (deleted.code !== 'OK') this.wrong.push({ 'not deleted': name, ...deleted });
    await this.fleet.settled(first, ({ admin }) => admin.freeDeletedVolume({ volumeId }));
  }

  /** Looks at a volume for which nobody calls, and goes on from what it finds. */
  async #verify(model: VolumeModel): Promise<void> {
    const { volumeId, imageId } = model;
    const { fleet } = this;
    const first = this.random.below(3);
    if (model.isUnsettled(true))
      model.changed(
        true,
        await fleet.settled(first, ({ admin }) => admin.undeleteVolume({ volumeId })),
      );
    if (model.isUnsettled(false))
      model.changed(
        false,
        await fleet.settled(first, ({ controller }) => controller.deleteVolume({ volumeId })),
      );
    const found = await Promise.all(
      fleet.alive.map((plugin) =>
        fleet.settled(fleet.alive.indexOf(plugin), ({ controller }) =>
          controller.controllerGetVolume({ volumeId }),
        ),
      ),
    );
    const codes = new Set(found.map(({ code }) => code));
    const live = codes.has('OK');
    // Of a creation, a deletion or an undeletion that was lost this is what shows.
    if (codes.size !== 1 || !model.canBe(live))
      this.wrong.push({ found: [...codes], expected: model.describe() });
    if (!live) {
      const back = await fleet.settled(first, ({ admin }) =>
        admin.undeleteVolume({ volumeId, imageId }),
      );
      if (back.code !== 'OK') {
        this.wrong.push({ 'not taken back': back, of: model.describe() });
        return;
      }
    }
    const { volume } =
      (await fleet.settled(first, ({ controller }) => controller.controllerGetVolume({ volumeId })))
        .value ?? {};
    const sizeBytes = volume?.capacityBytes ?? 0n;
    // An expansion that was lost is a size below what was answered.
    if (!model.canHave(sizeBytes)) this.wrong.push({ sizeBytes, expected: model.describe() });
    const hash = await this.#contents.hashOf(volumeId);
    if (hash !== this.#contents.expected(sizeBytes, model.tag))
      this.wrong.push({ 'other content': model.describe() });
    model.begin(sizeBytes, model.tag);
  }

  /** Sends a call to one controller, or the same to two at once. */
  async #send<T>(
    what: keyof typeof ALLOWED,
    call: (plugin: LabPlugin) => Promise<T>,
  ): Promise<Array<Answer<T>>> {
    const first = this.random.below(3);
    const to = this.random.below(3) === 0 ? [first, first + 1] : [first];
    const answers = await Promise.all(to.map((n) => answerOf(() => call(this.fleet.at(n)))));
    for (const answer of answers) this.#note(what, answer);
    return answers;
  }

  #note(what: keyof typeof ALLOWED, answer: Answer<unknown>): void {
    const { code, message } = answer;
    this.answers.set(`${what} ${code}`, (this.answers.get(`${what} ${code}`) ?? 0) + 1);
    const allowed: readonly string[] = ALLOWED[what];
    if (code !== 'OK' && !isUnknown(answer) && !allowed.includes(code))
      this.wrong.push({ what, code, message });
  }
}

async function snap({ controller }: LabPlugin, name: string, sourceVolumeId: string) {
  const { snapshot } = await controller.createSnapshot({ name, sourceVolumeId });
  return { id: snapshot?.snapshotId ?? '', sizeBytes: snapshot?.sizeBytes ?? 0n };
}

function unsnap({ controller }: LabPlugin, snapshotId: string): Promise<unknown> {
  return controller.deleteSnapshot({ snapshotId });
}
