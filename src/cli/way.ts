import { existsSync } from 'node:fs';
import { DEFAULT_ENDPOINT } from '../dev/defaults.js';
import { DEFAULT_ADDRESS } from '../nomad/settings.js';
import { UsageError } from './errors.js';
import { choice, GENERAL_OPTIONS, option, orVariable, toggle } from './flags.js';
import { nomadFlags } from './nomad/flags.js';

/** Which way a command goes to a plugin, and by what that was decided. */
export type Way =
  | { readonly through: 'controller'; readonly endpoint: string; readonly because: string }
  | { readonly through: 'nomad'; readonly address: string; readonly because: string };

/** For commands that go through Nomad or straight to a controller. */
export const wayFlags = {
  endpoint: option({
    value: 'address',
    helpGroup: GENERAL_OPTIONS,
    description: orVariable(
      "Go straight to a plugin's controller at this gRPC address: unix:///csi/csi.sock, the path of a socket, tcp://host:port, or consul://service for a healthy one that is registered in Consul.",
      'PANNIER_ENDPOINT',
    ),
  }),
  ...nomadFlags,
};

/** How the way is chosen, as help has it. */
export const WAY_RULE =
  "Which way it goes is said by the first of these that is there: -endpoint (straight to a controller), -address (through Nomad), PANNIER_ENDPOINT, NOMAD_ADDR, the plugin of a running `pannier dev`; or else it goes through Nomad at Nomad's default address.";

/** For commands that tell Nomad of what they did straight at a controller. */
export const registrationFlags = {
  register: choice({
    description:
      'Straight to a controller: tell Nomad of the volume afterwards. Without it, only where -address or NOMAD_ADDR says where Nomad is; -register=false never does.',
  }),
};

/** True where Nomad is told of what was done straight at a controller. */
export function registrationOf(
  {
    register,
    address,
  }: { readonly register?: boolean | undefined; readonly address: string | undefined },
  env: Environment = process.env,
): boolean {
  return register ?? Boolean(address || env.NOMAD_ADDR);
}

/** True where Nomad gets what a specification says, on this way or by a registration. */
export function nomadGets(way: Way, flags: Parameters<typeof registrationOf>[0]): boolean {
  return way.through === 'nomad' || registrationOf(flags);
}

interface WayFlags {
  readonly endpoint: string | undefined;
  readonly address: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Chooses the way. A variable that is empty is one that is not set. */
export function wayOf(
  { endpoint, address }: WayFlags,
  env: Environment = process.env,
  devSocket = DEFAULT_ENDPOINT.slice('unix://'.length),
): Way {
  const { PANNIER_ENDPOINT } = env;
  if (endpoint) return { through: 'controller', endpoint, because: '-endpoint' };
  if (!address && PANNIER_ENDPOINT)
    return { through: 'controller', endpoint: PANNIER_ENDPOINT, because: 'PANNIER_ENDPOINT' };
  const nomad = nomadWayOf({ address }, env);
  return nomad.because === DEFAULT && existsSync(devSocket)
    ? { through: 'controller', endpoint: DEFAULT_ENDPOINT, because: '`pannier dev` runs' }
    : nomad;
}

const DEFAULT = 'the default';

/** The way of commands that are for Nomad alone. */
export function nomadWayOf(
  { address }: Pick<WayFlags, 'address'>,
  { NOMAD_ADDR }: Environment = process.env,
): Way & { readonly through: 'nomad' } {
  if (address) return { through: 'nomad', address, because: '-address' };
  return NOMAD_ADDR
    ? { through: 'nomad', address: NOMAD_ADDR, because: 'NOMAD_ADDR' }
    : { through: 'nomad', address: DEFAULT_ADDRESS, because: DEFAULT };
}

/** For commands whose requests can be looked at first. */
export const planFlags = {
  plan: toggle({
    description: 'Only show what would be done and sent, as `pannier volume plan` does.',
  }),
};

/** For a person: "through Nomad at http://127.0.0.1:4646 (NOMAD_ADDR)". */
export function describeWay(way: Way): string {
  return way.through === 'nomad'
    ? `through Nomad at ${withoutPassword(way.address)} (${way.because})`
    : `straight to the controller at ${way.endpoint} (${way.because})`;
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}

/** Refuses flags and arguments that mean something through Nomad only, where the way is another. Throws UsageError. */
export function onlyThroughNomad(way: Way, given: Readonly<Record<string, unknown>>): void {
  if (way.through === 'nomad') return;
  const [flag] =
    Object.entries(given).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (flag !== undefined)
    throw new UsageError(
      `${flag === 'ID' ? 'An ID' : `-${flag}`} means something through Nomad only, and this goes ${describeWay(way)}`,
    );
}
