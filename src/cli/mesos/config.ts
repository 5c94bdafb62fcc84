import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Settings } from '../../config/settings.js';
import { makeFolder } from '../../files/folders.js';
import { replaceFile } from '../../files/replace.js';
import { checkFiles } from '../../mesos/files/check.js';
import { checkChanged } from '../../mesos/files/profiles.js';
import { readSite, type Site } from '../../mesos/site/site.js';
import { filesOf, PROFILES, type Written } from '../../mesos/site/write.js';
import { type Diagnostic, hasErrors, warningAt } from '../../spec/diagnostic.js';
import { cannotRead } from '../errors.js';
import { mistakes, type Told } from '../mistakes.js';
import { checkMesosFiles, toldOf } from './files.js';
import { pluginSettings } from './plugin-settings.js';

/** What to make of a site's description. */
export interface ConfigRequest {
  readonly site: string;
  /** Where to write; undefined: where the agents have the files. */
  readonly out: string | undefined;
  /** The plugin's configuration, where it is in another place here than on the agents. */
  readonly config: string | undefined;
  readonly askCeph: boolean;
}

/** What became of a file. */
export interface WrittenFile {
  readonly path: string;
  readonly outcome: 'written' | 'unchanged';
}

/**
 * Writes the files of a site. Nothing is written where Mesos or the plugin would not take one of them. Throws
 * CommandError with every mistake.
 */
export async function writeConfig(
  request: ConfigRequest,
): Promise<{ readonly files: readonly WrittenFile[]; readonly told: readonly Told[] }> {
  const { site, told } = await siteOf(request.site);
  const folder = request.out ?? site.agent.directory;
  const files = filesOf(site).map(({ path, text }) => ({ path: join(folder, path), text }));
  const { settings, diagnostics } = settingsOf(request.config ?? site.plugin.config, site);
  const documents = files.filter(({ path }) => path.endsWith('.json'));
  const checked = await checkMesosFiles(documents, settings, request.askCeph);
  const changed = await changedProfiles(files.find(({ path }) => path === join(folder, PROFILES)));
  const all: Told[] = [
    told,
    { diagnostics, sources: new Map() },
    toldOf({ ...checked, diagnostics: [...checked.diagnostics, ...changed] }),
  ];
  if (all.some((one) => hasErrors(one.diagnostics)))
    throw mistakes('Mesos would not take the files, and none was written', all);
  const written: WrittenFile[] = [];
  for (const file of files) written.push(await write(file));
  return { files: written, told: all };
}

async function siteOf(path: string): Promise<{ readonly site: Site; readonly told: Told }> {
  const given = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw cannotRead(path, error);
  });
  const { site, diagnostics, text } = readSite(given, path);
  const told = { diagnostics, sources: new Map([[path, text]]) };
  if (site === undefined) throw mistakes('the description of the site cannot be used', [told]);
  return { site, told };
}

/** The plugin's configuration where it can be read here, and what of it does not suit Mesos. */
function settingsOf(
  path: string,
  { plugin }: Site,
): { readonly settings: Settings | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const { settings, problem } = pluginSettings(path);
  if (settings === undefined)
    return {
      settings,
      diagnostics: [
        warningAt(
          undefined,
          "The profiles are not held against the plugin's configuration",
          `It cannot be used here: ${problem.replace(/\.?$/, '.')} -config says where it is on this machine.`,
        ),
      ],
    };
  const diagnostics: Diagnostic[] = [];
  if (settings.driverName !== plugin.type)
    diagnostics.push(
      warningAt(
        undefined,
        `The plugin calls itself "${settings.driverName}", and Mesos will call it "${plugin.type}"`,
        'It works; one name for both is easier to find: plugin { type = … } of the site.',
      ),
    );
  return { settings, diagnostics };
}

/** What a map of profiles changes in the one that it replaces, which agents may have read. */
async function changedProfiles(now: Written | undefined): Promise<readonly Diagnostic[]> {
  if (now === undefined) return [];
  const before = await readFile(now.path).catch(() => undefined);
  if (before === undefined) return [];
  const [old, next] = [before, now.text].map(
    (text) => checkFiles([{ path: now.path, text }], undefined).files[0]?.json,
  );
  const diagnostics: Diagnostic[] = [];
  if (old && next) checkChanged(old, next, (diagnostic) => diagnostics.push(diagnostic));
  return diagnostics;
}

async function write({ path, text }: Written): Promise<WrittenFile> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before === text) return { path, outcome: 'unchanged' };
  await makeFolder(dirname(path));
  await (before === undefined ? writeFile(path, text, { flag: 'wx' }) : replaceFile(path, text));
  return { path, outcome: 'written' };
}
