import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.js';
import { type Checked, checkFiles, type MesosFile } from '../../mesos/files/check.js';
import { namedProfiles } from '../../mesos/files/profiles.js';
import { poolProblems } from '../../plugin/pools.js';
import { type Diagnostic, errorAt } from '../../spec/diagnostic.js';
import { cannotRead } from '../errors.js';
import type { Told } from '../mistakes.js';
import { clustersOf } from './plugin-settings.js';

/** Files by their paths; of folders all that end in .json, in the folders below too. Throws CommandError. */
export async function readFiles(paths: readonly string[]): Promise<readonly MesosFile[]> {
  const files: MesosFile[] = [];
  for (const path of paths)
    for (const file of await below(path)) files.push({ path: file, text: await readFile(file) });
  return files;
}

async function below(path: string): Promise<readonly string[]> {
  try {
    const found = await readdir(path, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw cannotRead(path, error as NodeJS.ErrnoException);
  }
}

/** Checks files; with the plugin's settings profiles too, and with `askCeph` whether there are their pools. */
export async function checkMesosFiles(
  files: readonly MesosFile[],
  settings: Settings | undefined,
  askCeph: boolean,
): Promise<Checked> {
  const checked = checkFiles(files, settings && clustersOf(settings));
  if (settings === undefined || !askCeph) return checked;
  return {
    ...checked,
    diagnostics: [...checked.diagnostics, ...(await checkPools(checked, settings))],
  };
}

async function checkPools({ files, diagnostics }: Checked, settings: Settings) {
  // What is wrong without Ceph is told already.
  const told = new Set(diagnostics.map(({ range }) => range?.start.offset));
  const profiles = files
    .flatMap(({ kind, json }) => (kind === 'profiles' && json ? namedProfiles(json) : []))
    .filter(({ parametersRange }) => !told.has(parametersRange?.start.offset));
  const problems = await poolProblems(
    settings,
    profiles.map(({ parameters }) => parameters),
  );
  return profiles.flatMap(({ name, range, parametersRange }, index): Diagnostic[] => {
    const problem = problems[index];
    if (problem === undefined) return [];
    return [
      errorAt(
        parametersRange ?? range,
        `Profile "${name}": ${problem.message}`,
        `The plugin offers nothing of it. ${problem.remedy}`,
      ),
    ];
  });
}

/** What was told of files, with their texts. */
export function toldOf({ files, diagnostics }: Checked): Told {
  return { diagnostics, sources: new Map(files.map(({ path, text }) => [path, text])) };
}
