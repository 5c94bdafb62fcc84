import { wantsHelp, wantsJson } from './argv.js';
import { Commands, resolve } from './commands.js';
import { EXIT } from './errors.js';
import { PannierHelp } from './help.js';
import { report } from './report.js';

/**
 * Runs a command line, given without the program's name. `root` is the folder that holds commands/. The exit
 * code is left in process.exitCode, so that what was printed gets out first. A shell that asks for completions sets
 * COMP_LINE.
 */
export async function main(argv: readonly string[], root: string): Promise<void> {
  let name = 'pannier';
  try {
    const config = new Commands(root);
    const { COMP_LINE: line, COMP_POINT: point } = process.env;
    if (line !== undefined) {
      const { complete } = await import('./completion/complete.js');
      return await complete(config, { line, point, word: argv[1] });
    }
    const [flag] = argv;
    if (flag !== undefined && /^--?autocomplete-(un)?install$/.test(flag)) {
      const { changeInstallation } = await import('./completion/install.js');
      return await changeInstallation(flag.endsWith('uninstall') ? 'uninstall' : 'install');
    }
    const words = withoutAliases(argv);
    const found = resolve(config, words);
    const help = new PannierHelp(config);
    if (found.kind === 'topic') {
      if (wantsHelp(words)) return await help.showHelp([...found.words]);
      name = ['pannier', ...found.words].join(' ');
      process.stderr.write(`${help.topic(found.words)}\n`);
      process.exitCode = EXIT.usage;
      return;
    }
    name = `pannier ${found.command.id.replaceAll(':', ' ')}`;
    if (wantsHelp(found.argv)) return await help.showCommandHelp(found.command);
    const command = await found.command.load();
    await command.run([...found.argv], config);
  } catch (error) {
    process.exitCode = report(error, name, wantsJson(argv));
  }
}

/**
 * `-version` is the command version, `help volume create` is `volume create -help`, and `volume snapshot`, which
 * Nomad has, is `snapshot`.
 */
function withoutAliases(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  if (first === 'volume' && rest[0] === 'snapshot') return rest;
  if (first === '-version' || first === '--version' || first === '-v') return ['version', ...rest];
  return first === 'help' ? [...rest, '-help'] : argv;
}
