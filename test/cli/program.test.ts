import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Commands, children } from '../../src/cli/commands.js';
import { helpText } from '../../src/cli/help.js';
import { packageJson, packageVersion } from '../../src/cli/package.js';
import { BINARY, pannier, socketFolder } from './pannier.js';

const config = new Commands(join(BINARY, '..', '..'));
const commands = config.commands.map((command) => helpText(command));

/** What they print is no data: a log, and a script for a shell. */
const WITHOUT_JSON = new Set(['plugin run', 'completion']);
/** These, and commands that print nothing a program would read, or print until they are interrupted. */
const WITHOUT_TEMPLATE = new Set([...WITHOUT_JSON, 'volume init', 'dev', 'dev stop', 'dev reset']);

t.test('version is what package.json says, in every form', async (t) => {
  const version = packageVersion();
  for (const args of [['version'], ['-version'], ['--version'], ['-v']])
    t.match(await pannier(args), { code: 0, stdout: `Pannier v${version}\n`, stderr: '' });
  t.equal(JSON.parse((await pannier(['version', '-json'])).stdout).version, version);
  t.equal((await pannier(['-version', '-t', '{{.version}}'])).stdout, `${version}\n`);
});

t.test('a Node.js that is too old is told so, and what to do', (t) => {
  const oldest = packageJson().engines as { node: string };
  t.equal(oldest.node, '>=22.3');
  for (const version of ['18.20.4', '20.20.2', '22.2.0', '22.3.0', '24.0.0']) {
    const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
    const args = ['--import', `data:text/javascript,${versions}`, BINARY, 'version'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (/^2[24]\.[03]/.test(version))
      t.match({ status, stdout }, { status: 0, stdout: /^Pannier v/ });
    else {
      t.equal(status, 1);
      t.match(stderr, `Pannier needs Node.js 22.3 or later, and this is ${version}\n`);
      t.notMatch(stderr, /\n {4}at /, 'no stack');
    }
  }
  t.end();
});

t.test('every command has a summary, an example and help of one shape', async (t) => {
  t.ok(commands.length >= 9, 'the commands were found');
  for (const { name, summary, examples, args } of commands) {
    t.ok(summary, `${name} has a summary`);
    t.ok(examples.length > 0, `${name} has an example`);
    for (const example of examples) t.match(example, `pannier ${name}`, `${name}: its own example`);
    const { code, stdout, stderr } = await pannier([...name.split(' '), '-help']);
    t.equal(code, 0);
    t.equal(stderr, '');
    const usage = args.map((arg) => (arg.required ? ` <${arg.name}>` : ` [${arg.name}]`)).join('');
    t.equal(stdout.split('\n')[0], `Usage: pannier ${name} [options]${usage}`);
    t.match(stdout, /^ {2}\S/m, 'text behind two spaces');
    t.match(stdout, /^Examples?:\n\n {4}\$ pannier /m);
    t.notMatch(stdout, /(?:^|\s)--[a-z]/m, 'one dash');
    const long = stdout
      .split('\n')
      .filter((line) => line.length > 80 && !line.startsWith('    $ '));
    t.same(long, [], 'lines of 80 columns');
  }
});

t.test('every command that prints data prints it as JSON and through a template', async (t) => {
  for (const { name, options } of commands) {
    const labels = options.flatMap(({ flags }) => flags.map(({ label }) => label));
    t.ok(labels.includes('-json') || WITHOUT_JSON.has(name), `${name} takes -json`);
    if (!WITHOUT_TEMPLATE.has(name)) t.ok(labels.includes('-t=<template>'), `${name} takes -t`);
  }
});

t.test('the help of plugin run names what a setting may be', async (t) => {
  const { stdout } = await pannier(['plugin', 'run', '-help']);
  for (const line of [
    '  -mode=<controller|node|all>\n',
    '  -mapper=<auto|krbd|nbd|fuse>\n',
    '  -log-level=<debug|info|warn|error>\n',
    '  -endpoint=<address>\n',
    '  -state-dir=<path>\n',
  ])
    t.match(stdout, line);
  t.notMatch(stdout, '=<value>');
  t.match(stdout, /\n {2}-mode=.*\n.*Default: all\. Also\s+PANNIER_MODE\./);
});

t.test('help is where it is asked for', async (t) => {
  const root = await pannier(['-help']);
  t.match(root, { code: 0, stderr: '' });
  t.match(root.stdout, /^Usage: pannier \[-version\] \[-help\] .*<command> \[args\]\n/);
  for (const name of children(config, [])) t.match(root.stdout, new RegExp(`^ {4}${name} `, 'm'));
  for (const args of [['-h'], ['--help'], ['help']]) t.same(await pannier(args), root);

  const topic = await pannier(['volume', '-h']);
  t.match(topic, { code: 0, stdout: /^Usage: pannier volume <subcommand> \[options\] \[args\]\n/ });
  for (const name of children(config, ['volume']))
    t.match(topic.stdout, new RegExp(`^ {4}${name} `, 'm'));
  t.same(await pannier(['help', 'volume', 'create']), await pannier(['volume', 'create', '-h']));
});

t.test('a command line without a command shows what there is, and fails', async (t) => {
  t.match(await pannier([]), { code: 2, stdout: '', stderr: /^Usage: pannier / });
  t.match(await pannier(['volume']), { code: 2, stdout: '', stderr: /^Usage: pannier volume / });
});

t.test('a command that is not there is named with spaces, and what was meant', async (t) => {
  const cases: Array<[string, string]> = [
    ['volume creat spec.hcl', 'Unknown command "volume creat"; did you mean "volume create"?'],
    ['volume trash lst', 'Unknown command "volume trash lst"; did you mean "volume trash list"?'],
    ['volum create', 'Unknown command "volum"; did you mean "volume"?'],
    ['create', 'Unknown command "create"; did you mean "snapshot create" or "volume create"?'],
    ['plugin statu -json=false', 'Unknown command "plugin statu"; did you mean "plugin status"?'],
    ['qqqqqq', `Unknown command "qqqqqq"; there are ${children(config, []).join(', ')}`],
  ];
  for (const [line, message] of cases)
    t.same(await pannier(line.split(' ')), {
      code: 2,
      stdout: '',
      stderr: `${message}\nFor additional help try 'pannier -help'\n`,
    });
});

t.test('a command line that is wrong points to help, and ends with 2', async (t) => {
  const cases: Array<[string[], string]> = [
    [['volume', 'create'], 'This command takes one argument: <spec>'],
    [['volume', 'create', 'a', 'b'], 'This command takes one argument: <spec>'],
    [['volume', 'mount', 'a'], 'This command takes two arguments: <ID> <path>'],
    [['volume', 'status', 'a', 'b'], 'This command takes at most one argument: [ID]'],
    [['version', 'x'], 'This command takes no arguments'],
    [['version', '-jsn'], 'flag provided but not defined: -jsn; did you mean -json?'],
    [['version', '-json', '-t', 'x'], 'Both json and template formatting are not allowed'],
    [['version', '-t', '{{'], 'Error parsing template: {{ without }}'],
    [
      ['volume', 'mount', '-access-mode=single-node-writr', 'a', '/b'],
      'invalid value "single-node-writr" for -access-mode; did you mean "single-node-writer"?',
    ],
  ];
  for (const [args, message] of cases) {
    const name = args.slice(0, args[0] === 'version' ? 1 : 2).join(' ');
    if (args.includes('-json')) continue;
    t.same(await pannier(args), {
      code: 2,
      stdout: '',
      stderr: `${message}\nFor additional help try 'pannier ${name} -help'\n`,
    });
  }
});

t.test(
  'with -json an error is one JSON object on standard error, with the same exit code',
  async (t) => {
    const cases: Array<[string[], number, string]> = [
      [['version', 'x', '-json'], 2, 'USAGE'],
      [['version', '-json', '-bad'], 2, 'USAGE'],
      [['version', '-json', '-t', 'x'], 2, 'USAGE'],
      [['volume', 'nosuch', '-json'], 2, 'USAGE'],
      [['volume', 'status', '-json', '-endpoint=/no/such.sock'], 3, 'UNREACHABLE'],
      [['volume', 'status', '-json', '-endpoint=nonsense'], 2, 'INVALID_ARGUMENT'],
      [['volume', 'plan', '-json', '/no/such/spec.hcl'], 2, 'SPEC'],
    ];
    for (const [args, exitCode, code] of cases) {
      const ran = await pannier(args);
      t.match(ran, { code: exitCode, stdout: '' }, args.join(' '));
      const { error } = JSON.parse(ran.stderr);
      t.match(error, { code, exitCode, message: /^[^\n]+$/ }, args.join(' '));
      if (error.remedy !== undefined) t.notMatch(error.message, error.remedy, args.join(' '));
    }
  },
);

t.test('a plugin that is not there is told from a socket that nobody serves', async (t) => {
  const folder = await socketFolder(t);
  await writeFile(join(folder, 'file'), 'x');
  const cases: Array<[string, RegExp]> = [
    [`unix://${folder}/none.sock`, /there is no such socket/],
    [`${folder}/file`, /it is not a socket/],
    ['tcp://127.0.0.1:1', /ECONNREFUSED/],
  ];
  for (const [endpoint, reason] of cases) {
    const { code, stdout, stderr } = await pannier(['volume', 'status', `-endpoint=${endpoint}`]);
    t.equal(code, 3);
    t.equal(stdout, '');
    t.match(stderr, `Error reading volumes: no plugin answers at ${endpoint}: `);
    t.match(stderr, reason);
    t.match(stderr, 'Start one with `pannier dev`');
  }
  const fromEnvironment = await pannier(['plugin', 'status'], {
    env: { PANNIER_ENDPOINT: '/from/env.sock' },
  });
  t.match(fromEnvironment.stderr, 'no plugin answers at /from/env.sock');
});

t.test('the thread pool is large enough for Ceph, unless it was set', async (t) => {
  const tell = 'process.on("exit",()=>console.error(process.env.UV_THREADPOOL_SIZE))';
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(tell)}`;
  t.equal((await pannier(['version'], { env: { NODE_OPTIONS } })).stderr, '32\n');
  const env = { NODE_OPTIONS, UV_THREADPOOL_SIZE: '4' };
  t.equal((await pannier(['version'], { env })).stderr, '4\n');
});
