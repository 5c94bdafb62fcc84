/** What there is at the moment, somewhere: what completion has to ask for. */
export type Live = 'volume' | 'deleted' | 'snapshot' | 'plugin' | 'node' | 'namespace';

/** What the IDs of a topic's commands are, where they are another thing than the topic's name says. */
const IDS: Readonly<Record<string, Live>> = {
  'volume:undelete': 'deleted',
  'volume:trash:delete': 'deleted',
};
const TOPICS: Readonly<Record<string, Live>> = {
  volume: 'volume',
  snapshot: 'snapshot',
  plugin: 'plugin',
};
/** Positional arguments by their own names. */
const ARGUMENTS: Readonly<Record<string, Live>> = {
  volume: 'volume',
  target: 'volume',
  node: 'node',
};
const FLAGS: Readonly<Record<string, Live>> = {
  namespace: 'namespace',
  node: 'node',
  plugin: 'plugin',
  source: 'volume',
};

/** What a positional argument of a command is, by its name in help; undefined where nobody can tell. */
export function kindOfArgument(command: string, name: string): Live | undefined {
  if (name !== 'ID') return ARGUMENTS[name];
  return IDS[command] ?? TOPICS[command.split(':')[0] ?? ''];
}

/** The same of a flag's value. */
export function kindOfFlag(name: string): Live | undefined {
  return FLAGS[name];
}

/** Values that a flag takes and no others. */
export const FIXED: Readonly<Record<string, readonly string[]>> = {
  'access-mode': [
    'single-node-writer',
    'single-node-reader-only',
    'multi-node-reader-only',
    'multi-node-single-writer',
    'multi-node-multi-writer',
    'single-node-single-writer',
    'single-node-multi-writer',
  ],
  'attachment-mode': ['file-system', 'block-device'],
  'fs-type': ['ext4', 'xfs', 'btrfs'],
  'log-level': ['debug', 'info', 'warn', 'error'],
};
