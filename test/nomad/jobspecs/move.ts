import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Test } from 'tap';
import { specOf } from '../../lab/bytes.js';
import { redis } from './examples.js';
import { CLUSTER_ID, type JobspecSite } from './site.js';

/** A specification as it stands in sites that use ceph-csi; with `external` it is for a registration. */
function specification({ ceph }: JobspecSite, external?: string): string {
  return `id        = "database"
name      = "database"
type      = "csi"
plugin_id = "pannier"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

mount_options {
  fs_type = "ext4"
}

secrets {
  userID  = "${ceph.user}"
  userKey = "${ceph.key}"
}
${
  external === undefined
    ? `capacity_min = "320MiB"

parameters {
  clusterID     = "${CLUSTER_ID}"
  pool          = "${ceph.pool}"
  imageFeatures = "layering"
}`
    : `external_id = "${external}"`
}
`;
}

/** What the guide says of moving from ceph-csi: its specifications work, and its images are registered and used. */
export async function moveFromCephCsi(t: Test, site: JobspecSite): Promise<void> {
  const { nomad, ceph } = site;
  const file = site.file('database.volume.hcl');
  writeFileSync(file, specification(site), { mode: 0o600 });
  await nomad.cli('volume', 'create', file);
  const { ExternalID } = await nomad.get<{ ExternalID: string }>('/v1/volume/csi/database');
  const word = randomUUID();
  const [first] = await site.runExample('database');
  t.equal(await redis(site, first, `SET letter ${word}`), 'OK', 'a specification of ceph-csi’s');
  await site.stop('database');
  await site.unclaimed('database');

  const image = `csi-vol-${randomUUID()}`;
  await ceph.rbd('cp', '--no-progress', specOf(ExternalID), `${ceph.pool}/${image}`);
  await nomad.cli('volume', 'delete', 'database');
  writeFileSync(file, specification(site, `ceph/${ceph.pool}/${image}`));
  await nomad.cli('volume', 'register', file);
  const [second] = await site.runExample('database');
  t.equal(await redis(site, second, 'GET letter'), word, 'an image that Pannier did not make');
  await site.stop('database');
  await site.unclaimed('database');
  await t.rejects(nomad.cli('volume', 'delete', 'database'), /rbd rm/, 'is not deleted by it');
  await nomad.cli('volume', 'deregister', 'database');
  await ceph.rbd('rm', '--no-progress', `${ceph.pool}/${image}`);
}
