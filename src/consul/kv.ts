import type Consul from 'consul';
import type { ConsulClient, RequestOptions } from './client.js';
import type { Following } from './follow.js';

/** A key and its value. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

/** As the package answers it. */
interface Item {
  readonly Key: string;
  readonly Value: Buffer | null;
}

/** The value of a key; undefined where there is no such key. Fails with ConsulError. */
export async function readKey(client: ConsulClient, key: string): Promise<Buffer | undefined> {
  const found = await client.datacenter(ask(key));
  return entries(found, key).find((entry) => entry.key === key)?.value;
}

/** The key at a path and those below it that hold something, in order. Fails with ConsulError. */
export async function readTree(client: ConsulClient, path: string): Promise<readonly Entry[]> {
  return entries(await client.datacenter(ask(path, true)), path);
}

/** Follows what `readTree` answers. */
export function followTree(
  client: ConsulClient,
  path: string,
  { onValue, ...following }: Following<readonly Entry[]>,
): () => void {
  return client.follow(ask(path, true), {
    ...following,
    onValue: (found) => onValue(entries(found, path)),
  });
}

type Found = Item | Item[] | undefined;

function ask(key: string, recurse = false) {
  return (consul: Consul, options: RequestOptions) =>
    // The package's types know neither `buffer` nor what is beside a blocking query's value.
    consul.kv.get({
      ...options,
      key,
      recurse,
      buffer: true,
    } as never) as Promise<unknown> as Promise<Found>;
}

/** Consul answers all keys that begin with the same letters, and folders as keys that end with a slash. */
function entries(found: Found, path: string): Entry[] {
  const below = path === '' ? '' : `${path}/`;
  return [found ?? []]
    .flat()
    .filter(({ Key }) => (Key === path || Key.startsWith(below)) && !Key.endsWith('/'))
    .map(({ Key, Value }) => ({ key: Key, value: Value ?? Buffer.alloc(0) }));
}
