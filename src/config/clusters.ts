import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Diagnostic, errorAt, warningAt } from '../spec/diagnostic.js';
import { didYouMean, guess } from '../volume/guess.js';
import { type Choose, chooser, type Outside } from './choose.js';
import type { ClusterBlock, ConfigFile } from './file.js';
import {
  CLUSTER_OPTIONS,
  type ClusterOptionName,
  clusterFlag,
  isCephKey,
  OPTIONS,
} from './options.js';
import { parsePlaces, parseQuotas, problemOf } from './places.js';
import { unreadableFile } from './readable.js';
import type { ClusterSettings } from './settings.js';
import { wordsOf } from './words.js';

const DEFAULT_CONF = '/etc/ceph/ceph.conf';
/** What the only cluster is called where no file names it. */
const UNNAMED_CLUSTER = 'ceph';

/** The configured clusters, in the order of the file. */
export function readClusters(
  outside: Outside,
  file: ConfigFile | undefined,
  report: (diagnostic: Diagnostic) => void,
): ClusterSettings[] {
  if (file !== undefined && file.clusters.length > 0) {
    // Flags and variables mean the only cluster; where the file has several, it alone says which is which.
    const choose = chooser(file.clusters.length === 1 ? outside : { flags: {}, env: {} }, report);
    return file.clusters.map((block) => readCluster(block.name, block, choose, report));
  }
  return [readCluster(UNNAMED_CLUSTER, undefined, chooser(outside, report), report)];
}

function readCluster(
  name: string,
  block: ClusterBlock | undefined,
  choose: Choose,
  report: (diagnostic: Diagnostic) => void,
): ClusterSettings {
  const word = (key: ClusterOptionName) =>
    choose(CLUSTER_OPTIONS[key], clusterFlag(CLUSTER_OPTIONS[key].key), block?.given);
  const monitors = wordsOf(word('monitors'));
  const monitorsService = word('monitorsService');
  const named = word('conf');
  const ways = [
    ...(named === undefined ? [] : ['conf']),
    ...(monitors.length === 0 ? [] : ['monitors']),
    ...(monitorsService === undefined ? [] : ['monitors_service']),
  ];
  const conf = named ?? (ways.length === 0 && existsSync(DEFAULT_CONF) ? DEFAULT_CONF : undefined);
  const key = word('key');
  const id = word('id');
  const keyFile = word('keyFile');
  const problem = (summary: string, detail: string) =>
    report(errorAt(block?.range, `cluster "${name}": ${summary}`, detail));

  if (conf === undefined && ways.length === 0)
    problem(
      'neither conf nor monitors',
      `Name its ceph.conf (-ceph-conf, ${CLUSTER_OPTIONS.conf.env}) or its monitors.`,
    );
  if (ways.length > 1) problem(`both ${ways.join(' and ')}`, 'Give one of them.');
  const unreadable = conf === undefined ? undefined : unreadableFile(conf);
  if (unreadable !== undefined) problem('cannot read its conf', unreadable);
  for (const monitor of monitors)
    if (!/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+)(:\d{1,5})?$/.test(monitor))
      problem(`monitor "${monitor}"`, 'Expected host or host:port.');
  if (key !== undefined && keyFile !== undefined)
    problem('both key and key_file', 'Give one of them.');
  if (keyFile !== undefined) checkKeyFile(keyFile, problem, report);
  const pool = word('pool') ?? '';
  const quota = word('quota');
  const foreign = word('foreignImages');
  return {
    name,
    ...(id === undefined ? {} : { id }),
    conf,
    monitors,
    ...(monitorsService === undefined ? {} : { monitorsService }),
    user: word('user') ?? '',
    key,
    keyFile,
    pool,
    ...(quota === undefined ? {} : { quotas: readable(() => parseQuotas(quota, pool), {}) }),
    ...(foreign === undefined ? {} : { foreignImages: readable(() => parsePlaces(foreign), []) }),
  };
}

/** What was read; or else, where it is a mistake that is reported already, something in its place. */
function readable<T>(read: () => T, otherwise: T): T {
  return problemOf(read) === undefined ? read() : otherwise;
}

function checkKeyFile(
  path: string,
  problem: (summary: string, detail: string) => void,
  report: (diagnostic: Diagnostic) => void,
): void {
  const unreadable = unreadableFile(path);
  if (unreadable !== undefined) {
    problem('cannot read its key_file', unreadable);
    return;
  }
  if (!isCephKey(readFileSync(path, 'utf8').trim()))
    problem(`${path} does not hold a key`, 'Expected what `ceph auth get-key` prints, alone.');
  if (statSync(path).mode & 0o004)
    report(warningAt(undefined, `everyone can read ${path}`, 'Use chmod 600.'));
}

/** The default cluster first. */
export function inOrder(
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
