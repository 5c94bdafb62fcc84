import { spawn } from 'node:child_process';
import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { splitLine } from '../../src/cli/completion/line.js';
import type { FakePlugin } from './fake-plugin.js';
import { here } from './here.js';
import { BINARY, pannier, type Ran, socketFolder } from './pannier.js';

/** The volumes and snapshots that the tests complete. */
function fill(plugin: FakePlugin): void {
  plugin.add('c/rbd/pannier-alpha', 'alpha', 1n << 30n);
  plugin.add('c/rbd/pannier-beta', 'beta', 1n << 30n);
}

const SNAPSHOT = 'c/rbd/pannier-alpha@daily';

/** What a shell is told for a line, the cursor at its end; `word` is what the shell takes for the word there. */
async function completed(line: string, env: Record<string, string>, word?: string): Promise<Ran> {
  const words = word === undefined ? [] : ['pannier', word, ''];
  return pannier(words, { env: { COMP_LINE: line, PANNIER_COMPLETION_SECONDS: '60', ...env } });
}

t.test('lines are parted as shells part them', (t) => {
  t.same(splitLine('pannier volume st'), { words: ['pannier', 'volume'], current: 'st' });
  t.same(splitLine('pannier  volume '), { words: ['pannier', 'volume'], current: '' });
  t.same(splitLine(`a "b c" 'd\\e' f\\ g "h\\"`), {
    words: ['a', 'b c', 'd\\e', 'f g'],
    current: 'h"',
  });
  t.same(splitLine("a ''"), { words: ['a'], current: '' });
  t.same(splitLine(''), { words: [], current: '' });
  t.end();
});

t.test('commands, flags and their values', async (t) => {
  const nothing = {
    PANNIER_ENDPOINT: 'unix:///nothing/there.sock',
    NOMAD_ADDR: 'http://127.0.0.1:1',
  };
  const lines: Readonly<Record<string, readonly string[]>> = {
    'pannier vol': ['volume'],
    'pannier volume stat': ['status'],
    'pannier volume trash ': ['delete', 'list'],
    'pannier dev s': ['status', 'stop'],
    'pannier -v': ['-version'],
    'pannier -auto': ['-autocomplete-install', '-autocomplete-uninstall'],
    'pannier volume inspect -wat': ['-watch'],
    'pannier volume inspect -watch -wat': [],
    'pannier volume inspect -node-endpoint=x -node-end': ['-node-endpoint'],
    'pannier volume mount -fs-type=x': ['-fs-type=xfs'],
    'pannier volume mount -fs-type b': ['btrfs'],
    'pannier volume mount -attachment-mode=': [
      '-attachment-mode=file-system',
      '-attachment-mode=block-device',
    ],
    'pannier volume delete ': [],
    'pannier nosuch ': [],
    'pannier volume nosuch x': [],
    'pannier volume create vol': [],
  };
  for (const [line, words] of Object.entries(lines)) {
    const { code, stdout, stderr } = await completed(line, nothing);
    t.same(
      { code, stderr, words: stdout.split('\n').filter(Boolean) },
      { code: 0, stderr: '', words },
      line,
    );
  }
  const all = (await completed('pannier ', nothing)).stdout.split('\n');
  for (const word of ['volume', 'snapshot', 'plugin', 'completion']) t.ok(all.includes(word), word);
  const cut = await completed('pannier vol status', { ...nothing, COMP_POINT: '11' });
  t.equal(cut.stdout, 'volume\n', 'what is behind the cursor does not count');
});

t.test('live IDs, of the volume, snapshot and place that a line is about', async (t) => {
  const { plugin, folder } = await here(t);
  fill(plugin);
  plugin.snapshots.set(SNAPSHOT, {
    id: SNAPSHOT,
    source: 'c/rbd/pannier-alpha',
    size: 1n,
    created: new Date(0),
  });
  const env = { PANNIER_ENDPOINT: `unix://${folder}/csi.sock` };
  const words = async (line: string, word?: string) =>
    (await completed(line, env, word)).stdout.split('\n').filter(Boolean);
  t.same(await words('pannier volume delete '), [
    'alpha',
    'beta',
    'c/rbd/pannier-alpha',
    'c/rbd/pannier-beta',
  ]);
  t.same(await words('pannier volume inspect -watch al'), ['alpha']);
  t.same(await words('pannier snapshot create c/'), ['c/rbd/pannier-alpha', 'c/rbd/pannier-beta']);
  t.same(await words('pannier snapshot delete c/'), [SNAPSHOT]);
  t.same(await words('pannier snapshot delete c/rbd/pannier-alpha@d', 'd'), ['daily'], 'behind @');
  t.same(
    await words('pannier volume delete -endpoint=unix:///nothing.sock '),
    [],
    'asked elsewhere',
  );
  t.same(
    await words(`pannier volume delete -endpoint ${env.PANNIER_ENDPOINT} be`),
    ['beta'],
    'where the line says',
  );
  t.same(await words('pannier snapshot restore x '), [], 'a name is made up');
});

t.test('a plugin that hangs keeps nobody waiting, and nobody is told', async (t) => {
  const folder = await socketFolder(t);
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(join(folder, 's.sock'), resolve));
  t.teardown(() => server.close());
  const env = { PANNIER_ENDPOINT: `unix://${folder}/s.sock`, PANNIER_COMPLETION_SECONDS: '1' };
  t.match(await completed('pannier volume delete ', env), { code: 0, stdout: '', stderr: '' });
});

/** Types at a real shell on a terminal of its own until it prints something. */
function type(
  t: Test,
  command: string,
  env: NodeJS.ProcessEnv,
  steps: ReadonlyArray<{ readonly after: RegExp; readonly keys: string }>,
  until: RegExp,
): Promise<string> {
  const child = spawn('script', ['--quiet', '--flush', '--command', command, '/dev/null'], {
    env: { ...process.env, TERM: 'dumb', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let seen = '';
  let from = 0;
  let done = false;
  const left = [...steps];
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error(`the shell ended: ${seen}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk;
      const [next] = left;
      if (next?.after.test(seen.slice(from))) {
        left.shift();
        from = seen.length;
        child.stdin.write(next.keys);
      } else if (next === undefined && !done && until.test(seen.slice(from))) {
        child.removeAllListeners('exit');
        // It writes what it remembers when it ends.
        child.once('exit', () => resolve(seen.slice(from)));
        child.stdin.write('exit\n');
        done = true;
      }
    });
  });
}

const TAB = '\t';
/** To the beginning of the line. */
const HOME = '\u0001';

interface ShellTest {
  readonly command: string;
  /** Reads the script; `READY` is printed then. */
  readonly start: (script: string) => string;
}

const SHELLS: Readonly<Record<'bash' | 'zsh' | 'fish', ShellTest>> = {
  bash: {
    command: 'bash --norc --noprofile -i',
    start: (script) => `PS1='P> '; bind 'set bell-style none'; . ${script}; echo REA''DY\n`,
  },
  zsh: {
    command: 'zsh -f -i',
    start: (script) => `PS1='P> '; unsetopt beep; . ${script}; bindkey -e; echo REA''DY\n`,
  },
  fish: {
    command: 'fish --no-config --interactive',
    start: (script) => `function fish_prompt; echo 'P> '; end; source ${script}; echo REA''DY\n`,
  },
};

for (const [shell, { command, start }] of Object.entries(SHELLS))
  t.test(`${shell} completes a command, and the ID of a volume that there is`, async (t) => {
    const { plugin, folder } = await here(t);
    fill(plugin);
    const script = join(folder, `pannier.${shell}`);
    const printed = await pannier(['completion', shell]);
    t.match(printed, { code: 0, stderr: '' });
    await writeFile(script, printed.stdout);
    const env = {
      PANNIER_ENDPOINT: `unix://${folder}/csi.sock`,
      PANNIER_COMPLETION_SECONDS: '60',
      HOME: folder,
    };
    const complete = (line: string, to: RegExp) =>
      type(
        t,
        command,
        env,
        [
          { after: /\S/, keys: start(script) },
          // The prompt comes when the shell reads keys itself.
          { after: /READY.*P> /s, keys: `${line}${TAB}` },
          // The shell has written what it completed to.
          { after: to, keys: `${HOME}echo GOT: \n` },
        ],
        /\nGOT: [^\n]*\n/,
      );
    t.match(await complete('pannier volume sta', /status/), /GOT: pannier volume status/);
    t.match(await complete('pannier volume delete bet', /beta/), /GOT: pannier volume delete beta/);
  });

t.test(
  '-autocomplete-install writes what shells read, once, and uninstall takes it away',
  async (t) => {
    const folder = await socketFolder(t);
    const env = { HOME: folder, SHELL: '/bin/bash', ZDOTDIR: '', XDG_CONFIG_HOME: '' };
    const run = (flag: string) => pannier([flag], { env });
    const bashrc = join(folder, '.bashrc');
    await writeFile(join(folder, 'dotfile'), 'alias ll=ls', { mode: 0o640 });
    await symlink('dotfile', bashrc);
    await writeFile(join(folder, '.zshrc'), 'setopt extendedglob\n');
    await mkdir(join(folder, '.config', 'fish'), { recursive: true });
    const installed = await run('-autocomplete-install');
    t.match(installed, { code: 0, stderr: '' });
    for (const shell of ['bash', 'zsh', 'fish'])
      t.match(installed.stdout, `Installed completion for ${shell} in ${folder}/`);
    const text = await readFile(bashrc, 'utf8');
    t.match(
      text,
      /^alias ll=ls\n# >>> pannier completion >>>\ncomplete -o default -C '.*pannier\.js' pannier\n/,
    );
    t.match(text, BINARY);
    t.match(await readFile(join(folder, '.zshrc'), 'utf8'), 'bashcompinit');
    const fish = join(folder, '.config', 'fish', 'completions', 'pannier.fish');
    t.match(await readFile(fish, 'utf8'), 'complete -f -c pannier');
    t.match((await run('--autocomplete-install')).stdout, 'completion for bash is there already');
    t.equal(await readFile(bashrc, 'utf8'), text, 'a second time changes nothing');
    await writeFile(bashrc, text.replace(BINARY, '/old/pannier.js'));
    await run('-autocomplete-install');
    t.equal(await readFile(bashrc, 'utf8'), text, 'the program that moved is found again');
    t.match(await run('-autocomplete-uninstall'), {
      code: 0,
      stdout: 'Removed completion for bash',
    });
    t.equal(await readFile(bashrc, 'utf8'), 'alias ll=ls\n');
    t.ok((await lstat(bashrc)).isSymbolicLink(), 'a link stays one');
    t.equal((await lstat(join(folder, 'dotfile'))).mode & 0o777, 0o640);
    t.rejects(readFile(fish));
    t.match((await run('-autocomplete-uninstall')).stdout, 'completion for bash was not there');
    const nobody = {
      HOME: join(folder, 'nobody'),
      SHELL: '/bin/false',
      ZDOTDIR: '',
      XDG_CONFIG_HOME: '',
    };
    t.match(await pannier(['-autocomplete-install'], { env: nobody }), {
      code: 1,
      stderr: /no shell of yours is known/,
    });
    t.match(await pannier(['completion', 'tcsh']), {
      code: 2,
      stderr: /"tcsh" is none of bash, zsh, fish/,
    });
  },
);
