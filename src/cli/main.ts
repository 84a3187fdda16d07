import { FusionclipError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import type { Host } from '../host/host.ts';
import { parseArgs } from './args.ts';
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
  const args = host.args.map((arg) => (arg === '-h' ? '--help' : arg));
  if (args.length === 0 || args[0] === '--help' || args[0] === 'help') {
    host.stdout(overview(COMMANDS));
    return args.length === 0 ? EXIT_CODES.usage : 0;
  }
  if (args[0] === '--version') {
    host.stdout(`fusionclip ${VERSION} (${host.runtime} ${host.version})\n`);
    return 0;
  }
  const { command, positional, flags } = parseArgs(args, COMMANDS);
  if (flags.help === 'true') {
    host.stdout(commandHelp(command));
    return 0;
  }
  return command.run({ host, positional, flags });
}
