import { writeFileSync } from 'node:fs';
import type { LabCeph } from '../lab/ceph.js';
import type { NomadUser } from '../lab/nomad/user.js';
import { PLUGIN, type Site } from './site.js';

export interface SpecFields {
  readonly id: string;
  /** The id without it. */
  readonly name?: string;
  readonly capacity?: string;
  readonly fsType?: string;
  readonly accessMode?: string;
  readonly block?: boolean;
  /** HCL at the root. */
  readonly more?: string;
}

/** A volume specification as Nomad reads them. */
export function volumeSpec(fields: SpecFields): string {
  const { id, name = id, capacity = '320MiB', fsType = 'xfs' } = fields;
  const { accessMode = 'single-node-writer', block = false, more = '' } = fields;
  return `id        = "${id}"
name      = "${name}"
type      = "csi"
plugin_id = "${PLUGIN}"

capacity_min = "${capacity}"

capability {
  access_mode     = "${accessMode}"
  attachment_mode = "${block ? 'block-device' : 'file-system'}"
}
${block ? '' : `mount_options {\n  fs_type = "${fsType}"\n}`}
${more}
`;
}

/** Creates a volume by Nomad's own command, its specification in a file, and returns its external id. */
export async function createVolume(
  site: Site,
  id: string,
  more: Partial<SpecFields> = {},
): Promise<string> {
  writeFileSync(site.specFile(id), volumeSpec({ id, ...more }));
  await site.nomad.cli('volume', 'create', site.specFile(id));
  return (await readVolume(site.nomad, id)).ExternalID;
}

/** What tests look at in a volume, as Nomad's API tells it. */
export interface NomadVolume {
  readonly ID: string;
  readonly ExternalID: string;
  readonly Capacity: number;
  readonly Schedulable: boolean;
  readonly ReadAllocs: Readonly<Record<string, unknown>> | null;
  readonly WriteAllocs: Readonly<Record<string, unknown>> | null;
  readonly Allocations: readonly { readonly ID: string; readonly ClientStatus: string }[];
}

export function readVolume(nomad: NomadUser, id: string, query = ''): Promise<NomadVolume> {
  return nomad.get(volumePath(id, query));
}

/** Waits until nobody has a claim on a volume. */
export async function unclaimed(nomad: NomadUser, id: string, query = ''): Promise<void> {
  await nomad.until<NomadVolume>(
    volumePath(id, query),
    ({ ReadAllocs, WriteAllocs }) => Object.keys({ ...ReadAllocs, ...WriteAllocs }).length === 0,
  );
}

function volumePath(id: string, query: string): string {
  return `/v1/volume/csi/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
}

/** The image behind a volume, as `rbd info` names and tells it. */
export async function imageOf(
  ceph: LabCeph,
  externalId: string,
): Promise<{ readonly id: string; readonly size: number }> {
  const spec = externalId.slice(externalId.indexOf('/') + 1);
  return JSON.parse(await ceph.rbd('info', '--format=json', spec)) as { id: string; size: number };
}

export async function imagesIn(ceph: LabCeph): Promise<string[]> {
  return JSON.parse(await ceph.rbd('ls', '--format=json', ceph.pool)) as string[];
}
