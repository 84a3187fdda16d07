/** `dist/launcher.js`: what bin/fusionclip.mjs needs, in plain Node. */
import { Buffer } from 'node:buffer';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { FusionclipError } from '../base/errors.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import { endWithLauncher } from '../host/leash.ts';
import { INSTALL, OWN_MODELS } from '../host/own_models.ts';
import { onSignals } from '../host/signals.ts';
import { type Bundle, launch, readRuntime } from './launch.ts';

/** Takes `--name value` and `--name=value` out of a list of arguments; those after `--` are the program's. */
function takeOption(args: string[], name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < args.length && args[at] !== '--'; ) {
    if (args[at] === name) {
      if (at + 1 >= args.length) throw new FusionclipError('usage', `The option ${name} needs a value.`);
      value = args[at + 1];
      args.splice(at, 2);
    } else if (args[at].startsWith(`${name}=`)) {
      value = args[at].slice(name.length + 1);
      args.splice(at, 1);
    } else at++;
  }
  return value;
}

/**
 * Puts what standard input says in place of a `-` of `predict`, as a file: the program itself reads no input, which is its leash.
 * @returns the file, to be removed, or null
 */
async function takeList(args: string[]): Promise<string | null> {
  const at = args[0] === 'predict' ? args.indexOf('-') : -1;
  if (at < 0) return null;
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  const file = join(mkdtempSync(join(tmpdir(), 'fusionclip-')), 'paths.txt');
  writeFileSync(file, Buffer.concat(parts));
  args.splice(at, 1, '--list', file);
  return file;
}

/** A program cannot be started where its folder was removed meanwhile. */
function requireWorkingFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    const text = 'The folder that this was started in is gone; change to one that is there.';
    throw new FusionclipError('io', text, { cause });
  }
}

/** The command line as it lies beside this file in `dist/`. */
function ownBundle(): Bundle {
  const here = dirname(fileURLToPath(import.meta.url));
  return { script: join(here, 'cli.js'), page: join(here, 'page') };
}

/** The command that installs packages beside this one, where it is installed itself; null in a clone. */
function installCommand(folder: string): string | null {
  const at = folder.indexOf(`${sep}node_modules${sep}`);
  if (at < 0) return null;
  const place = folder.slice(0, at) || sep;
  // A folder of global packages is no project.
  return existsSync(join(place, 'package.json')) ? `cd ${place} && npm install` : 'npm install --global';
}

/** Runs a program, the command line by default, in the runtime that `--runtime` names and returns its exit code. */
export async function run(argv: readonly string[], bundle: Bundle = ownBundle()): Promise<number> {
  const args = [...argv];
  let isOver = false;
  endWithLauncher();
  const install = installCommand(dirname(bundle.script));
  if (install !== null) process.env[INSTALL] ??= install;
  process.env[OWN_MODELS] ??= join(dirname(bundle.script), '..', 'models');
  try {
    requireWorkingFolder();
    const wish = takeOption(args, '--runtime') ?? process.env.FUSIONCLIP_RUNTIME;
    // `ci` is the one command that is about a browser.
    const runtime = readRuntime(wish ?? (args[0] === 'ci' ? 'chrome' : 'auto'));
    const driver = takeOption(args, '--driver');
    const adapter = takeOption(args, '--adapter');
    const threads = takeOption(args, '--threads');
    const list = await takeList(args);
    // From before the program starts: while handlers are exchanged a signal would find none.
    let late = 0;
    onSignals(() => void (isOver && ++late > 1 && process.exit()));
    try {
      return await launch(runtime, bundle, args, { driver, adapter, threads });
    } finally {
      if (list) rmSync(dirname(list), { recursive: true, force: true });
    }
  } catch (error) {
    if (!(error instanceof FusionclipError)) throw error;
    process.stderr.write(`fusionclip: ${error.message}\n`);
    return EXIT_CODES[error.code];
  } finally {
    // All is said and the exit code is known: a Ctrl-C that comes now must not take its place. Node takes its handlers
    // off some time before a process is gone, unless this ends it.
    isOver = true;
    process.once('exit', () => process.exit());
  }
}
