import { withoutSecrets } from '../base/address.ts';
import { FusionclipError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { printable, visible } from '../base/visible.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import type { Host } from '../host/host.ts';
import { parseArgs } from './args.ts';
import { COMMANDS } from './commands/index.ts';
import { commandHelp, helpWidth, overview } from './help.ts';

/** The command line: finds the command, runs it, and turns failures into one sentence and an exit code. */
export async function main(outer: Host): Promise<number> {
  const host = printing(outer);
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
    host.stderr(`fusionclip: ${visible(withoutSecrets(message))}${advice}\n${debug ? `${stack}\n` : ''}`);
    return 1;
  }
}

/** The host, whose output holds nothing that a terminal obeys, whatever names the results have. */
function printing(host: Host): Host {
  return {
    ...host,
    stdout: (text) => host.stdout(printable(text)),
    stderr: (text) => host.stderr(printable(text)),
  };
}

async function dispatch(host: Host): Promise<number> {
  const args = host.args.map((arg) => (arg === '-h' ? '--help' : arg));
  if (args.length === 0 || args[0] === '--help' || args[0] === 'help') {
    host.stdout(overview(COMMANDS, helpWidth(host.columns?.() ?? null)));
    return args.length === 0 ? EXIT_CODES.usage : 0;
  }
  if (args[0] === '--version') {
    host.stdout(`fusionclip ${VERSION} (${host.runtime} ${host.version})\n`);
    return 0;
  }
  const { command, positional, flags } = parseArgs(args, COMMANDS);
  if (flags.help === 'true') {
    const defaults = await command.defaults?.({ host, positional, flags });
    host.stdout(commandHelp(command, defaults, helpWidth(host.columns?.() ?? null)));
    return 0;
  }
  return command.run({ host, positional, flags });
}
