import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  type Diagnostic,
  errorAt,
  hasErrors,
  type Sources,
  warningAt,
} from '../spec/diagnostic.js';
import type { Item } from '../spec/hcl/ast.js';
import { parseHcl } from '../spec/hcl/parse.js';
import { chooser, type Outside } from './choose.js';
import { inOrder, readClusters } from './clusters.js';
import { readConsul } from './consul.js';
import { CONSUL_OPTIONS, consulFlag } from './consul-options.js';
import { parseDuration } from './duration.js';
import { type ConfigFile, readConfigFile } from './file.js';
import { OPTIONS, type OptionName } from './options.js';
import type { Settings } from './settings.js';

/** A text of the configuration, and what it is called in reports. */
export interface Document {
  readonly name: string;
  readonly text: string | Uint8Array;
}

export interface LoadOptions extends Outside {
  /** The path of the configuration file; or the documents that are one configuration together; or neither. */
  readonly file: string | readonly Document[] | undefined;
}

export interface Loaded {
  /** Only where there is no error. */
  readonly settings: Settings | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

/**
 * The plugin's settings: flags over the environment over the file over the defaults. Everything is checked,
 * and every mistake is reported at once, with its line, its flag or its variable. No key is ever shown.
 */
export function loadSettings(options: LoadOptions): Loaded {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => {
    diagnostics.push(diagnostic);
  };
  const sources = new Map<string, string>();
  const file =
    typeof options.file === 'string'
      ? readFile(options.file, sources, report)
      : options.file && readDocuments(options.file, sources, report);
  const choose = chooser(options, report);

  const word = (name: OptionName) =>
    choose(OPTIONS[name], OPTIONS[name].key.replaceAll('_', '-'), file?.given);
  const endpoint = word('endpoint');
  if (endpoint === undefined)
    report(
      errorAt(
        undefined,
        'no endpoint',
        `Set ${OPTIONS.endpoint.env}, as Nomad does, or -endpoint, or endpoint in the file.`,
      ),
    );
  const clusters = readClusters(options, file, report);
  const usesConsul =
    file?.consul !== undefined ||
    isGiven(options) ||
    clusters.some(({ monitorsService }) => monitorsService !== undefined);
  const consul = usesConsul ? readConsul(options, file?.consul, report) : undefined;
  const settings: Settings = {
    mode: word('mode') as Settings['mode'],
    endpoint: endpoint ?? '',
    driverName: word('driverName') ?? '',
    nodeId: word('nodeId') ?? hostname(),
    scope: word('scope') as Settings['scope'],
    hostId: word('hostId'),
    outages: word('outages') as Settings['outages'],
    stateDir: word('stateDir') ?? '',
    logLevel: word('logLevel') as Settings['logLevel'],
    mapper: word('mapper') as Settings['mapper'],
    retentionMs: retentionOf(word('deletion'), word('trashRetention')),
    clusters: inOrder(clusters, word('defaultCluster'), file, report),
    consul: consul?.access,
    registration: consul?.registration,
  };
  if (settings.scope === 'host' && settings.mode !== 'node')
    for (const { name, quotas } of settings.clusters)
      if (quotas === undefined)
        report(
          warningAt(
            undefined,
            `scope = "host" and no quota of cluster "${name}"`,
            'Every host tells all that there is room for. Give it a quota, such as quota = "500GiB".',
          ),
        );
  return { settings: hasErrors(diagnostics) ? undefined : settings, diagnostics, sources };
}

/** True where a service to register as is named outside of the file. */
function isGiven({ flags, env }: Outside): boolean {
  const { key, env: variable } = CONSUL_OPTIONS.service;
  return Boolean(flags[consulFlag(key)] || env[variable]);
}

function retentionOf(deletion: string | undefined, retention: string | undefined): number {
  return deletion === 'trash' ? (parseDuration(retention ?? '') ?? 0) : 0;
}

function readFile(
  path: string,
  sources: Map<string, string>,
  report: (diagnostic: Diagnostic) => void,
): ConfigFile | undefined {
  let text: Buffer;
  try {
    text = readFileSync(path);
  } catch (error) {
    report(errorAt(undefined, `cannot read ${path}`, (error as Error).message));
    return undefined;
  }
  const config = readDocuments([{ name: path, text }], sources, report);
  const everyone = (statSync(path).mode & 0o004) !== 0;
  const warn = (secret: string, better: string) => {
    const summary = `${path} holds a ${secret} and everyone can read it`;
    if (everyone) report(warningAt(undefined, summary, `Use chmod 600, or ${better}.`));
  };
  if (config.clusters.some(({ given }) => given.has('key'))) warn('key', 'key_file');
  if (config.consul?.has('token')) warn('token', 'token_file');
  return config;
}

/** What several documents say together: the same as one that holds all of them. */
function readDocuments(
  documents: readonly Document[],
  sources: Map<string, string>,
  report: (diagnostic: Diagnostic) => void,
): ConfigFile {
  const items: Item[] = [];
  for (const { name, text: given } of documents) {
    const { body, diagnostics, text } = parseHcl(given, name);
    sources.set(name, hideSecrets(text));
    diagnostics.forEach(report);
    items.push(...body.items);
  }
  return readConfigFile(items, report);
}

/** The text that reports quote lines from: without the secrets, at the same places. */
function hideSecrets(text: string): string {
  return text.replace(
    /(\b(?:key|token)"?\s*[=:]?\s*")([^"\n]*)/g,
    (_, before: string, secret: string) => before + '*'.repeat(secret.length),
  );
}
