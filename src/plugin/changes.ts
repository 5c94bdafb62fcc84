import { isDeepStrictEqual } from 'node:util';
import { OPTIONS, type OptionName } from '../config/options.js';
import type { Settings } from '../config/settings.js';

/** What becomes of a configuration that a running plugin is given. */
export interface Changes {
  /** The settings that hold from now on. */
  readonly settings: Settings;
  /** What changes at once, in words. */
  readonly live: readonly string[];
  /** The keys of what the plugin must be started anew for. */
  readonly restart: readonly string[];
}

/** Compares the settings that a plugin runs with to those that it is given. */
export function changesOf(running: Settings, given: Settings): Changes {
  const fixed = (Object.keys(OPTIONS) as OptionName[]).filter((name) => 'restart' in OPTIONS[name]);
  const kept = Object.fromEntries(
    Object.entries(running).filter(([name]) => fixed.includes(name as OptionName)),
  );
  const differs = (name: keyof Settings) => !isDeepStrictEqual(running[name], given[name]);
  return {
    settings: { ...given, ...kept },
    live: [
      ...(differs('logLevel') ? [OPTIONS.logLevel.key] : []),
      ...(differs('retentionMs') ? [OPTIONS.deletion.key] : []),
      ...clusterChanges(running, given),
      ...(differs('consul') || differs('registration') ? ['consul'] : []),
    ],
    restart: fixed
      .filter((name) => differs(name as keyof Settings))
      .map((name) => OPTIONS[name].key),
  };
}

function clusterChanges({ clusters: before }: Settings, { clusters: now }: Settings): string[] {
  const added = now.filter(({ name }) => !before.some((one) => one.name === name));
  const removed = before.filter(({ name }) => !now.some((one) => one.name === name));
  const changed = now.filter((cluster) => {
    const was = before.find(({ name }) => name === cluster.name);
    return was !== undefined && !isDeepStrictEqual(was, cluster);
  });
  return [
    ...added.map(({ name }) => `cluster "${name}" is added`),
    ...removed.map(({ name }) => `cluster "${name}" is removed`),
    ...changed.map(({ name }) => `cluster "${name}" is changed`),
    ...(before[0]?.name === now[0]?.name ? [] : [OPTIONS.defaultCluster.key]),
  ];
}
