import { FusionclipError } from '../base/errors.ts';
import { EXIT_CODES } from './exit_codes.ts';
import type { Host } from './host.ts';

/** Runs a program to its end; an error that it did not handle goes to standard error and becomes its exit code. */
export async function runProgram(host: Host, program: (host: Host) => Promise<number>): Promise<never> {
  let code: number;
  try {
    code = await program(host);
  } catch (error) {
    if (error instanceof FusionclipError) {
      host.stderr(`fusionclip: ${error.message}\n`);
      code = EXIT_CODES[error.code];
    } else {
      host.stderr(`fusionclip: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      code = 1;
    }
  }
  return host.exit(code);
}
