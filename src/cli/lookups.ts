import type { Lookups } from '../spec/lookups.js';
import { didYouMean } from '../volume/guess.js';
import { CommandError } from './errors.js';
import type { GivenNomadFlags } from './nomad/flags.js';

/** Looks up what a specification names: in Nomad as the flags say, in Vault and Consul by their own variables. */
export function lookupsOf(flags: GivenNomadFlags): Lookups {
  return {
    nomadVariable: (path, key) => inNomad(flags, path, key),
    vault: async (path, key) => {
      const { vaultSettings } = await import('../vault/settings.js');
      const { readField } = await import('../vault/secrets.js');
      return readField(await vaultSettings(process.env), path, key);
    },
    consulKey: inConsul,
  };
}

async function inNomad(flags: GivenNomadFlags, path: string, key: string): Promise<string> {
  const { openNomad } = await import('./nomad/open.js');
  const { readVariable } = await import('../nomad/variables.js');
  using nomad = openNomad(flags);
  const items = await readVariable(nomad, path);
  if (items === undefined)
    throw new CommandError(`Nomad at ${nomad.settings.address} has no variable "${path}"`, {
      remedy: `Write it with: nomad var put ${path} ${key}=@file`,
    });
  const value = Object.hasOwn(items, key) ? items[key] : undefined;
  if (value !== undefined) return value;
  throw new CommandError(
    `Nomad's variable "${path}" has no item "${key}"${didYouMean(key, Object.keys(items))}`,
    { remedy: `Look with: nomad var get ${path}` },
  );
}

async function inConsul(key: string): Promise<string> {
  const { openConsul } = await import('./consul.js');
  const { readKey } = await import('../consul/kv.js');
  const consul = openConsul();
  try {
    const value = await readKey(consul, key);
    if (value !== undefined) return value.toString();
    throw new CommandError(`Consul at ${consul.access.address} has no key "${key}"`, {
      remedy: `Write it with: consul kv put ${key} value`,
    });
  } finally {
    await consul.close();
  }
}
