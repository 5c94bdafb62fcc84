import { Commands } from '../src/cli/commands.js';
import { commandsReference } from '../src/cli/reference.js';
import { CONSUL_OPTIONS, consulFlag } from '../src/config/consul-options.js';
import { CLUSTER_OPTIONS, clusterFlag, OPTIONS, type Option } from '../src/config/options.js';
import { CATALOGUE } from '../src/volume/errors.js';

/** The pages of docs/reference that are written from the program, by their file names. */
export function references(bundle: string): ReadonlyMap<string, string> {
  return new Map([
    ['commands.md', commandsReference(new Commands(bundle))],
    ['configuration.md', configurationReference()],
    ['errors.md', errorsReference()],
  ]);
}

const CONFIGURATION = `# Configuration

This page is written from the program by \`npm run docs\`.

\`pannier plugin run\` takes each setting from the first place that has it: a flag, an environment variable, the configuration file, the default. The file is named by \`-config\` or \`PANNIER_CONFIG\` and is HCL; \`-config=consul://KEY\` is one [in Consul](../guides/consul.md), with the same words. Everything is checked before anything starts, and every mistake is reported at once, with its line. \`pannier plugin run -check\` tries the clusters and the node besides.

\`\`\`hcl
mode      = "all"
endpoint  = "unix:///run/pannier/csi.sock"
node_id   = "worker-1"
state_dir = "/var/lib/pannier"

cluster "main" {
  conf     = "/etc/ceph/ceph.conf"
  user     = "pannier"
  key_file = "/etc/pannier/key"
  pool     = "rbd"
}

consul {
  service = "pannier"
}
\`\`\`

A configuration in Consul is followed while the plugin runs: what changes in it is used at once, but for the settings that the tables mark with *restart*.

A plugin that a Mesos agent runs has besides:

\`\`\`hcl
scope   = "host"
outages = "bridge"

cluster "main" {
  quota = "500GiB"
}
\`\`\`

Why: decisions [19](../decisions/0019-a-volume-belongs-to-a-host-where-hosts-are-kept-apart.md) and [20](../decisions/0020-what-was-known-last-is-told-where-that-is-asked-for.md).

## Settings
`;

const CLUSTERS = `[Attaching](../explanation/attaching.md) tells what each mapper needs.

## Clusters

Each \`cluster "NAME" { … }\` block is a Ceph cluster; its name begins the ID of every volume in it, so it must not change. Without a block, flags and variables describe the only cluster, which is then called \`ceph\`. Where the file has several blocks, it alone describes them.

Without \`conf\` and \`monitors\`, /etc/ceph/ceph.conf is used if it is there. Without \`key\` and \`key_file\`, the key ring that the ceph.conf names is used. A key is never a flag, since a process list shows flags.

\`monitors\`, \`quota\` and \`foreign_images\` may be lists in the file: \`monitors = ["192.0.2.1:6789", "192.0.2.2:6789"]\`, \`quota = ["rbd=500GiB", "fast=2TiB"]\`.

With \`scope = "host"\` the quotas of all hosts together are what a pool should be able to hold; a cluster without one is warned of, since every host would then tell all of its room. [Capacity](parameters.md#capacity) tells what counts. \`foreign_images\` belongs into the configuration of one host: each that has it shows the same images.
`;

const CONSUL = `## Consul

Consul is used where the block \`consul { … }\` is there, a \`service\` is named in another place, or a cluster has a \`monitors_service\`; elsewhere none of this is looked at. [The guide](../guides/consul.md) tells what for. Consul's own variables go over the block. An address without a scheme is spoken to over TLS where \`CONSUL_HTTP_SSL\` is true. A token is never a flag. Where the configuration itself is in Consul, flags and variables alone say how Consul is reached for that.
`;

function configurationReference(): string {
  return [
    CONFIGURATION,
    settingsTable(Object.values(OPTIONS), (key) => key.replaceAll('_', '-')),
    CLUSTERS,
    settingsTable(Object.values(CLUSTER_OPTIONS), clusterFlag),
    CONSUL,
    settingsTable(Object.values(CONSUL_OPTIONS), consulFlag),
  ].join('\n');
}

function settingsTable(options: readonly Option[], flagOf: (key: string) => string): string {
  const rows = options.map(
    ({ key, env, description, fallback, secret, restart }) =>
      `| \`${key}\` | ${secret ? '' : `\`-${flagOf(key)}\``} | \`${env}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${description}${restart ? ' *restart*' : ''} |`,
  );
  return [
    '| in the file | flag | variable | default | |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const ERRORS = `# Errors

This page is written from the program by \`npm run docs\`.

Every error that the plugin answers is in this table. A gRPC status message is the RPC's name, the message with its words filled in, and the remedy: \`CreateVolume: pool "fast" does not exist in cluster "main". Create it with …\`. The trailer \`pannier-remedy\` holds the remedy alone, percent-encoded. The codes are those that CSI gives a meaning to. What passes by itself is UNAVAILABLE: Mesos gives up for good on most others. FAILED_PRECONDITION from ControllerPublishVolume makes Nomad try again.

An error that was not foreseen is INTERNAL and names a request id; the plugin's log has the cause under it.
`;

function errorsReference(): string {
  const byCode = Object.entries(CATALOGUE).sort(([, left], [, right]) =>
    left.code < right.code ? -1 : left.code > right.code ? 1 : 0,
  );
  const rows = byCode.map(
    ([name, { code, message, remedy }]) =>
      `| ${name} | ${code} | ${words(message)} | ${words(remedy)} |`,
  );
  return [ERRORS, '| error | code | message | what to do |', '|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

/** A text of the catalogue in a table's cell. */
function words(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\{(\w+)\}/g, '*$1*');
}
