import { type Diagnostic, errorAt, warningAt } from '../../spec/diagnostic.js';
import { decode } from '../../spec/hcl/source.js';
import { checkIsolatorPlugin } from './isolator.js';
import { type Json, readJson } from './json.js';
import { checkModules } from './modules.js';
import { type NamedPlugin, namedPlugin } from './plugin.js';
import { checkProfiles, type KnownClusters, namedProfiles } from './profiles.js';
import { checkProvider, type NamedProvider, namedProvider } from './provider.js';
import { member, type Report } from './shape.js';

/** What a file of Mesos's is. */
export type FileKind = 'provider' | 'isolator' | 'profiles' | 'modules';

/** A file of Mesos's, as text. */
export interface MesosFile {
  readonly path: string;
  readonly text: string | Uint8Array;
}

/** What was read of a file. */
export interface CheckedFile {
  readonly path: string;
  /** Undefined where it cannot be told. */
  readonly kind: FileKind | undefined;
  readonly json: Json | undefined;
  readonly text: string;
}

/** Files that were read, and what Mesos or the plugin would not take of them. */
export interface Checked {
  readonly files: readonly CheckedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks files, each on its own and all together. Without `clusters` nothing is said of profiles' parameters. */
export function checkFiles(
  given: readonly MesosFile[],
  clusters: KnownClusters | undefined,
): Checked {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => {
    diagnostics.push(diagnostic);
  };
  const files = given.map((file) => checkFile(file, clusters, report));
  checkTogether(files, report);
  return { files, diagnostics };
}

function checkFile(
  { path, text }: MesosFile,
  clusters: KnownClusters | undefined,
  report: Report,
): CheckedFile {
  const { source, diagnostics: ofText } = decode(text, path);
  const { value: json, diagnostics } = readJson(source);
  [...ofText, ...diagnostics].forEach(report);
  const file = { path, json, kind: json && kindOf(json), text: source.text };
  if (json === undefined) return file;
  switch (file.kind) {
    case 'provider':
      checkProvider(json, report);
      break;
    case 'isolator':
      checkIsolatorPlugin(json, report);
      break;
    case 'profiles':
      checkProfiles(json, clusters, report);
      break;
    case 'modules':
      checkModules(json, report);
      break;
    default:
      report(
        errorAt(
          json.range,
          'This is none of the files that Mesos reads for volumes',
          'They have "storage" (a resource provider), "containers" or "endpoints" (a plugin of volume/csi), "profile_matrix" (disk profiles) or "libraries" (modules).',
        ),
      );
  }
  return file;
}

const KINDS: ReadonlyArray<readonly [FileKind, readonly string[]]> = [
  ['provider', ['storage', 'default_reservations']],
  ['profiles', ['profile_matrix']],
  ['modules', ['libraries']],
  ['isolator', ['containers', 'endpoints', 'target_path_root', 'target_path_exists']],
];

/** What a file is, by a member that only such a one has. */
function kindOf(json: Json): FileKind | undefined {
  const found = KINDS.find(([, keys]) => keys.some((key) => member(json, key) !== undefined));
  // A provider and a plugin are left, each with nothing but its names.
  return found?.[0] ?? (member(json, 'type') === undefined ? undefined : 'isolator');
}

function checkTogether(files: readonly CheckedFile[], report: Report): void {
  const of = (kind: FileKind) =>
    files.flatMap((file) => (file.kind === kind && file.json ? [file.json] : []));
  const providers = of('provider').flatMap((json) => namedProvider(json) ?? []);
  const isolators = of('isolator').flatMap((json) => namedPlugin(json) ?? []);
  sameProviders(providers, report);
  samePlugins([...providers.map(({ plugin }) => plugin), ...isolators], report);
  const types = new Set(providers.map(({ plugin }) => plugin.type));
  if (types.size === 0) return;
  for (const { name, pluginType } of of('profiles').flatMap(namedProfiles))
    if (pluginType !== undefined && !types.has(pluginType.text))
      report(
        warningAt(
          pluginType.range,
          `Profile "${name}" is for a plugin that no provider here has`,
          `Providers here have ${[...types].join(', ')}.`,
        ),
      );
}

function sameProviders(providers: readonly NamedProvider[], report: Report): void {
  providers.forEach(({ type, name, range }, index) => {
    const first = providers.findIndex((one) => one.type === type && one.name === name);
    const other = providers[first];
    if (other !== undefined && first < index)
      report(
        errorAt(
          range,
          `Provider "${name}" is in another file too`,
          `That one is at ${other.range.file}:${other.range.start.line}. Mesos takes one of them.`,
        ),
      );
  });
}

/** Plugins of one type and name share a folder of the agent's, and it ends the one's containers for the other. */
function samePlugins(plugins: readonly NamedPlugin[], report: Report): void {
  plugins.forEach(({ type, name, range }, index) => {
    const first = plugins.findIndex((one) => one.type === type && one.name === name);
    const other = plugins[first];
    if (other !== undefined && first < index)
      report(
        errorAt(
          range,
          `Plugin "${type}" has the name "${name}" in another file too`,
          `That one is at ${other.range.file}:${other.range.start.line}. The agent keeps both in one folder, and ends the containers of the one for the other: give each a name of its own.`,
        ),
      );
  });
}
