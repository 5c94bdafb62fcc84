import { badSetting } from './errors.js';

export type Secrets = Readonly<Record<string, string>>;

/**
 * The header in which Nomad takes a plugin's secrets where there is no body. It parts them at commas, so that a
 * secret with one cannot be sent. Throws NomadError, CONFIG.
 */
export function secretsHeader(secrets: Secrets): Record<string, string> {
  const entries = Object.entries(secrets);
  for (const [key, value] of entries)
    if (/[,\r\n]/.test(key + value) || key.includes('='))
      throw badSetting(
        `the secret "${key}" has a comma or a line's end, which Nomad cannot hand to a plugin here`,
        'Leave it out where the plugin has credentials of its own, or go straight to its controller with -endpoint.',
      );
  return entries.length === 0
    ? {}
    : { 'X-Nomad-CSI-Secrets': entries.map(([key, value]) => `${key}=${value}`).join(',') };
}
