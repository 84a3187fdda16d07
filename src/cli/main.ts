import { EXIT_CODES, FusionclipError } from '../gpu/errors.ts';
import type { Host } from '../host/host.ts';
import { VERSION } from '../run/version.ts';
import { nearest, parseArgs } from './args.ts';
import { COMMON_FLAGS, type Command } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { commandHelp, overview } from './help.ts';

/** The command line: finds the command, runs it, and turns failures into one sentence and an exit code. */
export async function main(host: Host): Promise<number> {
  try {
    return await dispatch(host);
  } catch (error) {
    if (error instanceof FusionclipError) {
      host.stderr(`fusionclip: ${error.message}\n`);
      return EXIT_CODES[error.code];
    }
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const debug = host.args.includes('--debug');
    const advice = debug ? '' : ' (an error in fusionclip; --debug shows where)';
    host.stderr(`fusionclip: ${message}${advice}\n${debug ? `${stack}\n` : ''}`);
    return 1;
  }
}

async function dispatch(host: Host): Promise<number> {
  const { args } = host;
  if (args.length === 0 || args[0] === '--help' || args[0] === 'help' || args[0] === '-h') {
    host.stdout(overview(COMMANDS));
    return args.length === 0 ? EXIT_CODES.usage : 0;
  }
  if (args[0] === '--version') {
    host.stdout(`fusionclip ${VERSION} (${host.runtime} ${host.version})\n`);
    return 0;
  }
  const command = findCommand(args);
  const table = Object.assign({}, ...command.flags.map((group) => group.table), COMMON_FLAGS);
  const rest = args.slice(command.name.length);
  if (rest.includes('--help') || rest.includes('-h')) {
    host.stdout(commandHelp(command));
    return 0;
  }
  const { positional, flags } = parseArgs(rest, table);
  return command.run({ host, positional, flags });
}

/** The command that the arguments begin with. @throws FusionclipError `usage` */
function findCommand(args: readonly string[]): Command {
  const found = COMMANDS.find(({ name }) => name.every((part, i) => args[i] === part));
  if (found) return found;
  const family = COMMANDS.filter(({ name }) => name.length > 1 && name[0] === args[0]);
  if (family.length > 0) {
    const names = family.map(({ name }) => name.join(' ')).join(', ');
    throw new FusionclipError('usage', `"${args.slice(0, 2).join(' ')}" is no command; there is ${names}.`);
  }
  const near = nearest(
    args[0],
    COMMANDS.map(({ name }) => name[0]),
  );
  const advice = near ? `did you mean ${near}?` : 'fusionclip --help lists the commands.';
  throw new FusionclipError('usage', `There is no command "${args[0]}"; ${advice}`);
}
