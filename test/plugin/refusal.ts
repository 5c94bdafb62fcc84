import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Test } from 'tap';
import { CallError } from '../../src/csi/wire/client.js';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
  type VolumeContentSourceSchema,
} from '../../src/proto/csi/v1/csi_pb.js';
import type { LabCeph } from '../lab/ceph.js';
import { type LabPlugin, type PluginOptions, startPlugin } from '../lab/plugin.js';

export const MIB = 1n << 20n;

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

export function mountAs(fsType = '', mode = Mode.SINGLE_NODE_WRITER): Capability {
  return { accessMode: { mode }, accessType: { case: 'mount', value: { fsType } } };
}

export function blockAs(mode = Mode.SINGLE_NODE_WRITER): Capability {
  return { accessMode: { mode }, accessType: { case: 'block', value: {} } };
}

/** What a message must hold besides the RPC's name and what to do. */
type Part = string | RegExp;

/** Asserts that a call fails with this code, and that its message helps whoever reads it. */
export async function refused(
  t: Test,
  call: Promise<unknown>,
  code: Part,
  ...parts: Part[]
): Promise<void> {
  const what = `${code} ${parts.join(' ')}`;
  const error = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof CallError)) {
    t.fail(what, { found: error ?? 'it succeeded' });
    return;
  }
  const { message, rpc } = error;
  const problems = [
    ...(isIn(code, error.code) ? [] : [`the code ${error.code}`]),
    ...(message.startsWith(`${rpc}: `) ? [] : ['no RPC at the start']),
    ...(/\. [A-Z`].*\.$/.test(message) ? [] : ['nothing to do at the end']),
    ...parts.filter((part) => !isIn(part, message)).map((part) => `no ${part}`),
  ];
  t.same(problems, [], `${rpc}: ${what}`, { message });
}

function isIn(part: Part, text: string): boolean {
  return typeof part === 'string' ? text.includes(part) : part.test(text);
}

/** The same of several calls at once. */
export async function allRefused(
  t: Test,
  calls: readonly Promise<unknown>[],
  code: string,
  ...parts: Part[]
): Promise<void> {
  await Promise.all(calls.map((call) => refused(t, call, code, ...parts)));
}

/** Plugins of a test file, and whether any of them let a secret out. */
export class Plugins {
  readonly #started: LabPlugin[] = [];

  async start(options: PluginOptions): Promise<LabPlugin> {
    const plugin = await startPlugin(options);
    this.#started.push(plugin);
    return plugin;
  }

  /** Every line of every log that holds one of the secrets. */
  betrayals(secrets: readonly string[]): string[] {
    return this.#started.flatMap(({ stderr }) =>
      stderr.split('\n').filter((line) => secrets.some((secret) => line.includes(secret))),
    );
  }

  /** Errors that no test foresaw: a line with a stack that is not of the catalogue. */
  unforeseen(): string[] {
    return this.#started
      .flatMap(({ log }) => log)
      .filter(({ code, error }) => code === 'INTERNAL' && !`${error}`.startsWith('VolumeError'))
      .map(({ error }) => `${error}`);
  }
}

/** What a creation may ask for besides. */
interface More {
  readonly parameters?: Record<string, string>;
  readonly secrets?: Record<string, string>;
  readonly volumeContentSource?: MessageInitShape<typeof VolumeContentSourceSchema>;
}

/** A volume's id. */
export async function createVolume(
  plugin: LabPlugin,
  name: string,
  bytes = 16n * MIB,
  more: More = {},
): Promise<string> {
  const { volume } = await plugin.controller.createVolume({
    name,
    capacityRange: { requiredBytes: bytes },
    volumeCapabilities: [blockAs()],
    ...more,
  });
  return volume?.volumeId ?? '';
}

/** What a pool and the name index hold at this moment. */
export async function held(ceph: LabCeph, pool = ceph.pool): Promise<string[]> {
  const images = (await ceph.rbd('ls', pool)).split('\n').filter(Boolean);
  const objects = (await ceph.rados('-p', pool, 'ls')).split('\n');
  const shards = objects.filter((name) => name.startsWith('pannier.names.'));
  const keys = await Promise.all(
    shards.map((shard) => ceph.rados('-p', pool, 'listomapkeys', shard)),
  );
  // What is left to the background is kept there too, under keys of its own.
  const names = keys.flatMap((text) => text.split('\n')).filter((key) => /^[a-z2-7]/.test(key));
  return [...images, ...names];
}
