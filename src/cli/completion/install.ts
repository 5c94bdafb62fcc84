import {
  appendFile,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { thisProgram } from '../dev.js';
import { CommandError } from '../errors.js';
import { completionScript, SHELLS, type Shell } from './shells.js';

const BEGIN = '# >>> pannier completion >>>';
const END = '# <<< pannier completion <<<';
const BLOCK = new RegExp(`^${BEGIN}\\n[\\s\\S]*?^${END}\\n`, 'm');

/**
 * Adds completion to what each shell of this user reads when it starts, or takes it away again, and says so. Throws
 * CommandError where there is no shell.
 */
export async function changeInstallation(verb: 'install' | 'uninstall'): Promise<void> {
  const shells: Shell[] = [];
  for (const shell of SHELLS) if (await isUsed(shell)) shells.push(shell);
  if (shells.length === 0)
    throw new CommandError('no shell of yours is known: neither bash nor zsh nor fish', {
      code: 'NOT_FOUND',
      remedy:
        'Put what `pannier completion bash`, `zsh` or `fish` prints where your shell reads it.',
    });
  const change = verb === 'install' ? install : uninstall;
  const [done, before] =
    verb === 'install' ? ['Installed', 'is there already'] : ['Removed', 'was not there'];
  for (const shell of shells) {
    const changed = await change(shell);
    const [what, path] = [`completion for ${shell}`, fileOf(shell)];
    process.stdout.write(changed ? `${done} ${what} in ${path}\n` : `${path}: ${what} ${before}\n`);
  }
  if (verb === 'install')
    process.stdout.write('It is there in shells that you start from now on.\n');
}

/** The file that a shell reads when it starts, or for completions of pannier alone. */
function fileOf(shell: Shell): string {
  const { ZDOTDIR, XDG_CONFIG_HOME } = process.env;
  const home = homedir();
  switch (shell) {
    case 'bash':
      return join(home, '.bashrc');
    case 'zsh':
      return join(ZDOTDIR || home, '.zshrc');
    case 'fish':
      return join(XDG_CONFIG_HOME || join(home, '.config'), 'fish', 'completions', 'pannier.fish');
  }
}

/** True for the user's shell, and for one that was set up. */
async function isUsed(shell: Shell): Promise<boolean> {
  if (basename(process.env.SHELL ?? '') === shell) return true;
  const file = fileOf(shell);
  return exists(shell === 'fish' ? dirname(dirname(file)) : file);
}

async function install(shell: Shell): Promise<boolean> {
  const path = fileOf(shell);
  const script = completionScript(shell, thisProgram());
  const before = await textOf(path);
  if (shell === 'fish') {
    if (before === script) return false;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, script);
    return true;
  }
  const block = `${BEGIN}\n${script}${END}\n`;
  if (before.includes(block)) return false;
  // What another place of the program wrote goes.
  if (BLOCK.test(before))
    await rewrite(
      path,
      before.replace(BLOCK, () => block),
    );
  else await appendFile(path, `${before === '' || before.endsWith('\n') ? '' : '\n'}${block}`);
  return true;
}

async function uninstall(shell: Shell): Promise<boolean> {
  const path = fileOf(shell);
  const before = await textOf(path);
  if (shell === 'fish') {
    if (before === '') return false;
    await rm(path);
    return true;
  }
  if (!BLOCK.test(before)) return false;
  await rewrite(path, before.replace(BLOCK, ''));
  return true;
}

/** Writes a file of the user's anew, whole or not at all, where it really is and as open as it was. */
async function rewrite(path: string, text: string): Promise<void> {
  const where = await realpath(path);
  const { mode } = await stat(where);
  const temporary = `${where}.pannier`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, where);
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
