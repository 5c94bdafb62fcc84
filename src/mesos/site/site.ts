import { type Diagnostic, errorAt, type Range } from '../../spec/diagnostic.js';
import { parseHcl } from '../../spec/hcl/parse.js';
import { isName, isType, NAME_RULE, TYPE_RULE } from '../files/names.js';
import type { Report } from '../files/shape.js';
import { type BlockKind, type ReadBlock, readBlocks, Taker } from './schema.js';

/** What a site wants of Mesos and the plugin: what `pannier mesos config` writes files from. */
export interface Site {
  readonly plugin: {
    /** The program, by its path on the agents. */
    readonly command: string;
    /** The plugin's configuration, by its path on the agents. */
    readonly config: string;
    readonly type: string;
    readonly cpus: number;
    readonly memoryMib: number;
    /** Undefined: the agent's own. */
    readonly user: string | undefined;
  };
  /** Undefined where frameworks are not offered disks. */
  readonly provider: Provider | undefined;
  /** Undefined where the isolator volume/csi is not used. */
  readonly tasks: Tasks | undefined;
  readonly profiles: readonly Profile[];
  readonly agent: {
    /** Where the files are on the agents. */
    readonly directory: string;
    /** Where Mesos's own modules are on the agents. */
    readonly modules: string;
    readonly isolation: string;
    /** How often the map of profiles is read, as Mesos writes times. */
    readonly pollInterval: string;
  };
}

export interface Provider {
  readonly name: string;
  readonly pluginName: string;
  readonly stateDir: string;
  /** Undefined: nothing is reserved. */
  readonly role: string | undefined;
  readonly reconcileSeconds: number;
}

export interface Tasks {
  readonly pluginName: string;
  /** Of a plugin that runs already; undefined: the agent starts one. */
  readonly endpoint: string | undefined;
  readonly stateDir: string;
}

export interface Profile {
  readonly name: string;
  readonly access: 'mount' | 'block';
  /** '' leaves the choice to the plugin. */
  readonly fileSystem: string;
  readonly mountFlags: readonly string[];
  /** CSI's name of it. */
  readonly mode: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const KINDS = {
  plugin: {
    labelled: false,
    attributes: ['command', 'config', 'type', 'cpus', 'memory', 'user'],
  },
  provider: {
    labelled: true,
    attributes: ['plugin_name', 'state_dir', 'role', 'reconcile_seconds'],
  },
  tasks: { labelled: false, attributes: ['plugin_name', 'state_dir', 'endpoint'] },
  profile: {
    labelled: true,
    attributes: ['attachment_mode', 'access_mode', 'file_system', 'mount_flags', 'parameters'],
  },
  agent: {
    labelled: false,
    attributes: ['directory', 'modules', 'isolation', 'poll_interval'],
  },
} as const satisfies Record<string, BlockKind>;

/** Nomad's words for what Mesos's CSI 0 has. */
const MODES = {
  'single-node-writer': 'SINGLE_NODE_WRITER',
  'single-node-reader-only': 'SINGLE_NODE_READER_ONLY',
  'multi-node-reader-only': 'MULTI_NODE_READER_ONLY',
  'multi-node-single-writer': 'MULTI_NODE_SINGLE_WRITER',
  'multi-node-multi-writer': 'MULTI_NODE_MULTI_WRITER',
} as const;

/** Two plugins at work on one machine keep nothing in one folder. */
const STATE_DIR = '/var/lib/pannier';
const TASKS_STATE_DIR = '/var/lib/pannier-tasks';

/** Reads the description of a site. With errors there is none. */
export function readSite(
  given: string | Uint8Array,
  file: string,
): { readonly site: Site | undefined; readonly diagnostics: Diagnostic[]; readonly text: string } {
  const { body, diagnostics: ofText, text } = parseHcl(given, file);
  const diagnostics = [...ofText];
  const report = (diagnostic: Diagnostic) => {
    diagnostics.push(diagnostic);
  };
  const blocks = readBlocks(body.items, KINDS, report);
  const one = (kind: keyof typeof KINDS): ReadBlock | undefined => {
    const [first, ...more] = blocks.get(kind) ?? [];
    for (const { range } of more)
      report(errorAt(range, `"${kind}" is written twice`, 'Keep one of them.'));
    return first;
  };
  const plugin = one('plugin');
  const provider = one('provider');
  const tasks = one('tasks');
  const profiles = blocks.get('profile') ?? [];
  if (provider === undefined && tasks === undefined)
    report(
      errorAt(
        undefined,
        `${file} asks for nothing`,
        'Write a block provider "name" { … } for disks in offers, tasks { … } for the isolator volume/csi, or both.',
      ),
    );
  if (provider !== undefined && profiles.length === 0)
    report(
      errorAt(
        provider.range,
        'The provider has no profile to offer',
        'Write at least one block profile "name" { … }.',
      ),
    );
  const site: Site = {
    plugin: readPlugin(plugin, report),
    provider: provider && readProvider(provider, report),
    tasks: tasks && readTasks(tasks, report),
    profiles: profiles.map((profile) => readProfile(profile, profiles, report)),
    agent: readAgent(one('agent'), tasks !== undefined, report),
  };
  const bad = diagnostics.some(({ severity }) => severity === 'error');
  return { site: bad ? undefined : site, diagnostics, text };
}

function readPlugin(block: ReadBlock | undefined, report: Report): Site['plugin'] {
  const take = new Taker(block, report);
  const type = take.text('type') ?? 'csi.pannier.rbd';
  checkName(block, 'type', type, isType, TYPE_RULE, report);
  return {
    command: take.text('command') ?? '/usr/bin/pannier',
    config: take.text('config') ?? '/etc/pannier/pannier.hcl',
    type,
    cpus: take.number('cpus') ?? 0.2,
    memoryMib: take.number('memory') ?? 256,
    user: take.text('user'),
  };
}

function readProvider(block: ReadBlock, report: Report): Provider {
  const take = new Taker(block, report);
  const pluginName = take.text('plugin_name') ?? 'disks';
  if (!isName(block.label)) refuseName(block.range, block.label, NAME_RULE, report);
  checkName(block, 'plugin_name', pluginName, isName, NAME_RULE, report);
  return {
    name: block.label,
    pluginName,
    stateDir: take.text('state_dir') ?? STATE_DIR,
    role: take.text('role'),
    reconcileSeconds: take.number('reconcile_seconds') ?? 60,
  };
}

function readTasks(block: ReadBlock, report: Report): Tasks {
  const take = new Taker(block, report);
  const pluginName = take.text('plugin_name') ?? 'tasks';
  checkName(block, 'plugin_name', pluginName, isName, NAME_RULE, report);
  return {
    pluginName,
    endpoint: take.text('endpoint'),
    stateDir: take.text('state_dir') ?? TASKS_STATE_DIR,
  };
}

function readProfile(block: ReadBlock, all: readonly ReadBlock[], report: Report): Profile {
  const first = all.find(({ label }) => label === block.label);
  if (first !== block)
    report(errorAt(block.range, `Profile "${block.label}" is written twice`, 'Keep one of them.'));
  const take = new Taker(block, report);
  const attachment = take.word('attachment_mode', ['file-system', 'block-device']);
  const mode = take.word('access_mode', Object.keys(MODES) as Array<keyof typeof MODES>);
  const profile: Profile = {
    name: block.label,
    access: attachment === 'block-device' ? 'block' : 'mount',
    fileSystem: take.text('file_system') ?? '',
    mountFlags: take.texts('mount_flags') ?? [],
    mode: MODES[mode ?? 'single-node-writer'],
    parameters: take.map('parameters') ?? {},
  };
  if (profile.access === 'block' && (profile.fileSystem !== '' || profile.mountFlags.length > 0))
    report(
      errorAt(
        block.range,
        `Profile "${block.label}" is a block device, and has options of a file system`,
        'Remove file_system and mount_flags, or attachment_mode.',
      ),
    );
  return profile;
}

function readAgent(block: ReadBlock | undefined, tasks: boolean, report: Report): Site['agent'] {
  const take = new Taker(block, report);
  const given = take.text('isolation');
  const range = block?.attributes.get('isolation')?.range;
  const isolation = given ?? (tasks ? 'filesystem/linux,volume/csi' : 'filesystem/linux');
  for (const needed of tasks ? ['filesystem/linux', 'volume/csi'] : [])
    if (!isolation.split(',').includes(needed))
      report(
        errorAt(
          range,
          `"isolation" lacks ${needed}`,
          'Volumes of tasks need it: add it, or remove tasks { … }.',
        ),
      );
  const directory = take.text('directory') ?? '/etc/mesos/pannier';
  if (!directory.startsWith('/'))
    report(
      errorAt(
        block?.attributes.get('directory')?.range,
        `"${directory}" is no absolute path`,
        'The agent needs one.',
      ),
    );
  return {
    directory,
    modules: take.text('modules') ?? '/usr/lib/mesos/modules',
    isolation,
    pollInterval: take.text('poll_interval') ?? '30secs',
  };
}

function checkName(
  block: ReadBlock | undefined,
  key: string,
  text: string,
  isRight: (text: string) => boolean,
  rule: string,
  report: Report,
): void {
  if (!isRight(text)) refuseName(block?.attributes.get(key)?.range, text, rule, report);
}

function refuseName(range: Range | undefined, text: string, rule: string, report: Report): void {
  report(
    errorAt(
      range,
      `Mesos refuses the name "${text}"`,
      `Only ${rule} may be in it: dashes may not.`,
    ),
  );
}
