import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import {
  type Diagnostic,
  errorAt,
  hasErrors,
  type Sources,
  warningAt,
} from '../spec/diagnostic.js';
import { parseHcl } from '../spec/hcl/parse.js';
import { didYouMean, guess } from '../volume/guess.js';
import { parseDuration } from './duration.js';
import { type ClusterBlock, type ConfigFile, type Given, readConfigFile } from './file.js';
import {
  CLUSTER_OPTIONS,
  type ClusterOptionName,
  clusterFlag,
  isCephKey,
  OPTIONS,
  type Option,
  type OptionName,
} from './options.js';
import type { ClusterSettings, Settings } from './settings.js';

export interface LoadOptions {
  /** The configuration file, if there is one. */
  readonly file: string | undefined;
  /** By the flag's name without its dash; those not given are absent or undefined. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: NodeJS.ProcessEnv;
}

export interface Loaded {
  /** Only where there is no error. */
  readonly settings: Settings | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

const DEFAULT_CONF = '/etc/ceph/ceph.conf';
/** What the only cluster is called where no file names it. */
const UNNAMED_CLUSTER = 'ceph';

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
  const file = options.file === undefined ? undefined : readFile(options.file, sources, report);
  const choose = chooser(options, report);

  const word = (name: OptionName) =>
    choose(OPTIONS[name], name === 'defaultCluster' ? 'default-cluster' : undefined, file?.given);
  const endpoint = word('endpoint');
  if (endpoint === undefined)
    report(
      errorAt(
        undefined,
        'no endpoint',
        `Set ${OPTIONS.endpoint.env}, as Nomad does, or -endpoint, or endpoint in the file.`,
      ),
    );
  const clusters = readClusters(options, file, choose, report);
  const settings: Settings = {
    mode: word('mode') as Settings['mode'],
    endpoint: endpoint ?? '',
    driverName: word('driverName') ?? '',
    nodeId: word('nodeId') ?? hostname(),
    stateDir: word('stateDir') ?? '',
    logLevel: word('logLevel') as Settings['logLevel'],
    mapper: word('mapper') as Settings['mapper'],
    retentionMs: retentionOf(word('deletion'), word('trashRetention')),
    clusters: inOrder(clusters, word('defaultCluster'), file, report),
  };
  return { settings: hasErrors(diagnostics) ? undefined : settings, diagnostics, sources };
}

function retentionOf(deletion: string | undefined, retention: string | undefined): number {
  return deletion === 'trash' ? (parseDuration(retention ?? '') ?? 0) : 0;
}

function readFile(
  path: string,
  sources: Map<string, string>,
  report: (diagnostic: Diagnostic) => void,
): ConfigFile | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    report(errorAt(undefined, `cannot read ${path}`, (error as Error).message));
    return undefined;
  }
  const { body, diagnostics, text } = parseHcl(bytes, path);
  sources.set(path, hideKeys(text));
  diagnostics.forEach(report);
  const config = readConfigFile(body, report);
  if (config.clusters.some(({ given }) => given.has('key')) && statSync(path).mode & 0o004)
    report(
      warningAt(
        undefined,
        `${path} holds a key and everyone can read it`,
        'Use chmod 600, or key_file.',
      ),
    );
  return config;
}

/** The text that reports quote lines from: without the keys, at the same places. */
function hideKeys(text: string): string {
  return text.replace(
    /(\bkey"?\s*[=:]?\s*")([^"\n]*)/g,
    (_, before: string, key: string) => before + '*'.repeat(key.length),
  );
}

type Choose = (
  option: Option,
  flag: string | undefined,
  inFile: ReadonlyMap<string, Given> | undefined,
) => string | undefined;

/** Takes a setting from the first place that has it, and checks it there. */
function chooser({ flags, env }: LoadOptions, report: (diagnostic: Diagnostic) => void): Choose {
  return (option, flagName, inFile) => {
    const flag = flagName ?? option.key.replaceAll('_', '-');
    const candidates: Array<Given | undefined> = [
      given(flags[flag], `-${flag}`),
      given(env[option.env], option.env),
      inFile?.get(option.key),
    ];
    const chosen = candidates.find((candidate) => candidate !== undefined);
    if (chosen === undefined) return option.fallback;
    const problem = option.problem(chosen.value);
    if (problem !== undefined) {
      const shown = option.key === 'key' ? '' : ` "${chosen.value}"`;
      report(errorAt(chosen.range, `${chosen.source}: invalid value${shown}`, sentence(problem)));
    }
    return chosen.value;
  };
}

function given(value: string | undefined, source: string): Given | undefined {
  return value === undefined || value === '' ? undefined : { value, source };
}

function readClusters(
  options: LoadOptions,
  file: ConfigFile | undefined,
  choose: Choose,
  report: (diagnostic: Diagnostic) => void,
): ClusterSettings[] {
  const base = options.file === undefined ? process.cwd() : dirname(resolve(options.file));
  if (file !== undefined && file.clusters.length > 0) {
    // Flags and variables mean the only cluster; where the file has several, it alone says which is which.
    const outside =
      file.clusters.length === 1 ? choose : chooser({ ...options, flags: {}, env: {} }, report);
    return file.clusters.map((block) => readCluster(block.name, block, outside, base, report));
  }
  return [readCluster(UNNAMED_CLUSTER, undefined, choose, base, report)];
}

function readCluster(
  name: string,
  block: ClusterBlock | undefined,
  choose: Choose,
  base: string,
  report: (diagnostic: Diagnostic) => void,
): ClusterSettings {
  const word = (key: ClusterOptionName) =>
    choose(CLUSTER_OPTIONS[key], clusterFlag(CLUSTER_OPTIONS[key].key), block?.given);
  const monitors = (word('monitors') ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter(Boolean);
  const named = word('conf');
  const conf =
    named ?? (monitors.length === 0 && existsSync(DEFAULT_CONF) ? DEFAULT_CONF : undefined);
  const id = word('id');
  const key = word('key');
  const keyFile = word('keyFile');
  const problem = (summary: string, detail: string) =>
    report(errorAt(block?.range, `cluster "${name}": ${summary}`, detail));

  if (conf === undefined && monitors.length === 0)
    problem(
      'neither conf nor monitors',
      `Name its ceph.conf (-ceph-conf, ${CLUSTER_OPTIONS.conf.env}) or its monitors.`,
    );
  if (named !== undefined && monitors.length > 0)
    problem('both conf and monitors', 'Give one of them.');
  if (conf !== undefined) checkReadable(conf, 'conf', problem);
  for (const monitor of monitors)
    if (!/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+)(:\d{1,5})?$/.test(monitor))
      problem(`monitor "${monitor}"`, 'Expected host or host:port.');
  if (key !== undefined && keyFile !== undefined)
    problem('both key and key_file', 'Give one of them.');
  if (keyFile !== undefined) checkKeyFile(resolve(base, keyFile), problem, report);
  return {
    name,
    ...(id === undefined ? {} : { id }),
    conf,
    monitors,
    user: word('user') ?? '',
    key,
    keyFile,
    pool: word('pool') ?? '',
  };
}

function checkReadable(
  path: string,
  what: string,
  problem: (summary: string, detail: string) => void,
): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    problem(`cannot read its ${what}`, sentence((error as Error).message));
    return false;
  }
}

function checkKeyFile(
  path: string,
  problem: (summary: string, detail: string) => void,
  report: (diagnostic: Diagnostic) => void,
): void {
  if (!checkReadable(path, 'key_file', problem)) return;
  if (!isCephKey(readFileSync(path, 'utf8').trim()))
    problem(`${path} does not hold a key`, 'Expected what `ceph auth get-key` prints, alone.');
  if (statSync(path).mode & 0o004)
    report(warningAt(undefined, `everyone can read ${path}`, 'Use chmod 600.'));
}

/** The default cluster first. */
function inOrder(
  clusters: readonly ClusterSettings[],
  wanted: string | undefined,
  file: ConfigFile | undefined,
  report: (diagnostic: Diagnostic) => void,
): ClusterSettings[] {
  const first = clusters.find(({ name }) => name === (wanted ?? clusters[0]?.name));
  if (first === undefined) {
    const inFile = file?.given.get(OPTIONS.defaultCluster.key);
    const names = clusters.map(({ name }) => name);
    report(
      errorAt(
        inFile?.value === wanted ? inFile?.range : undefined,
        `default_cluster: there is no cluster "${wanted}"${didYouMean(wanted ?? '', names)}`,
        `There are: ${names.join(', ')}.`,
        guess(wanted ?? '', names),
      ),
    );
    return [...clusters];
  }
  return [first, ...clusters.filter((cluster) => cluster !== first)];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
