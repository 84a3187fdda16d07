import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { FusionclipError } from '../base/errors.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import { killedNote } from '../host/killed.ts';
import { LEASH } from '../host/leash.ts';
import { onSignals } from '../host/signals.ts';
import { driverOfAdapter } from './adapters.ts';
import { type Driver, findDriver } from './drivers.ts';
import type { LaunchOptions } from './launch_options.ts';
import { outOfTimeNote, TERM_PATIENCE } from './patience.ts';
import { findDeno, nodePath, whyNoDeno } from './runtimes.ts';

/** The runtimes to choose from; `auto` is Deno, or Node where there is no Deno. */
export const RUNTIME_CHOICES = ['auto', 'deno', 'node', 'chrome'] as const;
/** One of {@link RUNTIME_CHOICES}. */
export type RuntimeChoice = (typeof RUNTIME_CHOICES)[number];

/** A built program. */
export interface Bundle {
  /** The file that Deno and Node run, e.g. `dist/cli.js`. */
  readonly script: string;
  /** The folder with `index.html` that Chrome opens, e.g. `dist/page`. */
  readonly page: string;
  /** Node's script that takes `--runtime`, and its first arguments; for programs that start themselves anew. */
  readonly command?: readonly string[];
}

/** How Deno is started: all permissions, and no look at the configuration files of the working folder. */
export const DENO_FLAGS = [
  'run',
  '-A',
  '--no-lock',
  '--no-config',
  '--no-check',
  '--quiet',
  '--node-modules-dir=manual',
];

/** Takes a name from the command line. Throws `usage` when there is no such runtime. */
export function readRuntime(name: string): RuntimeChoice {
  if ((RUNTIME_CHOICES as readonly string[]).includes(name)) return name as RuntimeChoice;
  throw new FusionclipError('usage', `There is no runtime "${name}"; choose one of ${RUNTIME_CHOICES.join(', ')}.`);
}

interface Told {
  /** A signal from elsewhere has ended the program. */
  killed(signal: NodeJS.Signals): void;
  /** It did not stop in time after SIGTERM, and was ended. */
  late(): void;
}

interface Command {
  readonly runtime: 'deno' | 'node';
  readonly executable: string;
  readonly flags: readonly string[];
}

function nodeCommand(): Command {
  return { runtime: 'node', executable: nodePath(), flags: [] };
}

function commandFor(runtime: 'auto' | 'deno' | 'node', say: (text: string) => void): Command {
  if (runtime === 'node') return nodeCommand();
  const deno = findDeno();
  if (deno) return { runtime: 'deno', executable: deno, flags: DENO_FLAGS };
  if (runtime === 'deno') {
    throw new FusionclipError(
      'no_adapter',
      `${whyNoDeno()}; install it with "npm install deno", or use --runtime node.`,
    );
  }
  say(`fusionclip: ${whyNoDeno()} ("npm install deno" gets it), so this runs in Node.\n`);
  return nodeCommand();
}

/**
 * Runs a program in a runtime and returns its exit code; 128 + n when signal n, which came through this process, ended
 * it, and that of `killed` with a sentence when another one did. Ctrl-C and SIGTERM go to the program, which decides; the
 * third one kills it, and so does the time after the first SIGTERM ({@link TERM_PATIENCE}). When this process is killed, the program ends too.
 * Throws `usage` for an unknown driver and `no_adapter` when runtime or driver are missing.
 */
export async function launch(
  runtime: RuntimeChoice,
  bundle: Bundle,
  args: readonly string[],
  options: LaunchOptions = {},
): Promise<number> {
  if (runtime === 'chrome') {
    for (const name of ['adapter', 'threads'] as const) {
      if (options[name] === undefined) continue;
      throw new FusionclipError('usage', `Chrome chooses for itself; --${name} is for --runtime deno or node.`);
    }
    const { launchChrome } = await import('./chrome_launcher.ts');
    return launchChrome(bundle.page, args, options);
  }
  const say = options.onStderr ?? ((text) => void process.stderr.write(text));
  const command = commandFor(runtime, say);
  return runCommand(command, [bundle.script, ...args], options, {
    killed: (signal) => say(killedNote(signal, args)),
    late: () => say(outOfTimeNote(args)),
  });
}

/** The driver that the options ask for. @throws FusionclipError `usage`, `no_adapter` */
function chosenDriver(runtime: 'deno' | 'node', { driver: choice, adapter: given, threads }: LaunchOptions): Driver {
  const adapter = given ?? (choice === undefined ? process.env.FUSIONCLIP_ADAPTER || undefined : undefined);
  if (given !== undefined && choice !== undefined) {
    throw new FusionclipError('usage', '--adapter names the driver too; leave --driver out.');
  }
  const driver = adapter === undefined ? findDriver(runtime, choice) : driverOfAdapter(adapter);
  if (threads === undefined) return driver;
  if (!/^[1-9]\d{0,3}$/.test(threads)) {
    throw new FusionclipError('usage', `--threads ${threads} is no number of threads; give one from 1 on.`);
  }
  if (driver.name !== 'lavapipe') {
    const text = `--threads is for lavapipe, and this is ${driver.note}; taskset gives any program certain cores.`;
    throw new FusionclipError('usage', text);
  }
  return { ...driver, env: { ...driver.env, LP_NUM_THREADS: threads } };
}

/** Starts the child process and waits for its end. */
async function runCommand(
  command: Command,
  args: readonly string[],
  options: LaunchOptions,
  told: Told,
): Promise<number> {
  const driver = chosenDriver(command.runtime, options);
  // LD_LIBRARY_PATH and the driver's variables are read when a process starts, so even Node needs a second process.
  // What the driver's variables were before, for programs that start others (`doctor`): each finds its own driver.
  const before = Object.fromEntries(Object.keys(driver.env).map((name) => [name, process.env[name] ?? null]));
  const notes = {
    FUSIONCLIP_DRIVER_NOTE: driver.note,
    ...(options.adapter !== undefined && { FUSIONCLIP_ADAPTER: options.adapter }), // `doctor` then looks at this one
    FUSIONCLIP_OUTER_ENV: JSON.stringify(before),
    FUSIONCLIP_NODE: nodePath(),
    [LEASH]: '1',
  };
  const env = { ...process.env, ...notes, ...driver.env, ...options.env };
  const [program, ...rest] = [...(driver.front ?? []), command.executable, ...command.flags, ...args];
  const child = spawn(program, rest, {
    env,
    // The program reads no input; its end of this pipe tells it that this process is gone.
    stdio: ['pipe', options.onStdout ? 'pipe' : 'inherit', options.onStderr ? 'pipe' : 'inherit'],
  });
  for (const [stream, receive] of [
    [child.stdout, options.onStdout],
    [child.stderr, options.onStderr],
  ] as const) {
    stream?.setEncoding('utf8').on('data', (text: string) => receive?.(text));
  }
  const sent = new Set<NodeJS.Signals>();
  const end = (signal: NodeJS.Signals): void => {
    sent.add(signal);
    child.kill(signal);
  };
  let patience: NodeJS.Timeout | undefined;
  let isLate = false;
  const release = onSignals((count, signal) => {
    end(count < 3 ? signal : 'SIGKILL');
    if (signal !== 'SIGTERM') return;
    patience ??= setTimeout(() => {
      isLate = true;
      end('SIGKILL');
    }, TERM_PATIENCE);
  });
  const stop = (): void => end('SIGKILL');
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) => {
        const message = `${command.executable} could not be started (${cause.message}); check the installation.`;
        reject(new FusionclipError('no_adapter', message, { cause }));
      });
      child.once('close', (code, signal) => {
        if (signal && isLate) {
          told.late();
          resolve(EXIT_CODES.interrupted);
        } else if (signal && sent.size === 0) {
          told.killed(signal);
          resolve(EXIT_CODES.killed);
        } else if (signal && !sent.has(signal)) {
          // A driver may crash a process that ends at once while it computes.
          resolve(EXIT_CODES.interrupted);
        } else resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      });
    });
  } finally {
    clearTimeout(patience);
    release();
    options.signal?.removeEventListener('abort', stop);
  }
}
