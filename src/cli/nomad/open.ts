import { NomadClient } from '../../nomad/client.js';
import { nomadSettings } from '../../nomad/settings.js';
import type { GivenNomadFlags } from './flags.js';

/** Opens Nomad as flags and environment say. Throws NomadError. */
export function openNomad(flags: GivenNomadFlags): NomadClient {
  return new NomadClient(nomadSettings(flags, process.env));
}
