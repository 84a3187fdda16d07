import process from 'node:process';
import { modelCacheFolder } from '../clip/model_cache.ts';
import { dicomWebOf } from '../dicomweb/network.ts';
import { withDicomWeb } from '../dicomweb/study_files.ts';
import { webOf, withWeb } from '../hub/index.ts';
import { persistenceOf } from '../hub/persist.ts';
import { dawnEntry } from './dawn.ts';
import { disk } from './disk.ts';
import { EXIT_CODES } from './exit_codes.ts';
import type { Host } from './host.ts';
import { installationSecret } from './installation_secret.ts';
import { endWithLauncher } from './leash.ts';
import { linesOf } from './lines.ts';
import { optionalPackage } from './optional_package.ts';
import { INSTALL, OWN_MODELS } from './own_models.ts';
import { onSignals, outputLost, tolerateClosedPipes, writeOutput } from './signals.ts';
import { terminalColumns } from './terminal.ts';

export type { Another, Host, RuntimeName, RuntimeReport } from './host.ts';
export type { Listener, ListenOptions } from './links.ts';

/** The version of Deno, or undefined in Node. */
function denoVersion(): string | undefined {
  return (globalThis as { Deno?: { version: { deno: string } } }).Deno?.version.deno;
}

/** Waits until what was written to a stream has reached the operating system. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // A closed pipe (`fusionclip … | head`) never calls back.
    const timer = setTimeout(resolve, 2000);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (stream.destroyed || stream.writableEnded) done();
    else stream.write('', done);
  });
}

/** What a host of Node or Deno can be told. */
export interface NodeHostOptions {
  /** Arguments after the program's own name; by default those of the process. */
  readonly args?: readonly string[];
  /** Starts the program in the other runtimes, where a launcher can. */
  readonly probe?: Host['probe'];
  /** The adapters of the machine. */
  readonly adapters?: Host['adapters'];
  /** Starts the program anew. */
  readonly another?: Host['another'];
}

/** The host of Node and of Deno, which has Node's modules. */
export function createNodeHost({ args = process.argv.slice(2), probe, adapters, another }: NodeHostOptions = {}): Host {
  const deno = denoVersion();
  const handlers = new Set<() => void>();
  let release: (() => void) | undefined;
  endWithLauncher();
  const env = (name: string) => process.env[name];
  const stderr = (text: string): void => {
    tolerateClosedPipes();
    try {
      process.stderr.write(text);
    } catch {} // what is said of the progress may be lost
  };
  // Who waits for a server hears a stop beside a command that does, and keeps no program from ending at once.
  const waiting = new Set<() => void>();
  const persistence = persistenceOf(stderr, waiting);
  return {
    ...withDicomWeb(withWeb(disk, webOf(env, persistence)), dicomWebOf({ env, persistence })),
    persistence,
    secret: () => installationSecret(env),
    modelCache: modelCacheFolder(env),
    ownModels: env(OWN_MODELS),
    runtime: deno ? 'deno' : 'node',
    version: deno ?? process.versions.node,
    args,
    isTerminal: process.stderr.isTTY === true,
    columns: () => terminalColumns(env),
    async gpu() {
      return deno ? ((globalThis.navigator as Navigator | undefined)?.gpu ?? null) : dawnEntry();
    },
    env,
    // Not before something is written: a library leaves the streams of the program that uses it alone.
    stdout(text) {
      tolerateClosedPipes();
      writeOutput(text);
    },
    stderr,
    onInterrupt(handler) {
      release ??= onSignals(() => {
        for (const each of [...handlers, ...waiting]) each();
      });
      handlers.add(handler);
      return () => {
        handlers.delete(handler);
        if (handlers.size > 0) return;
        release?.();
        release = undefined;
      };
    },
    ...(probe && { probe }),
    ...(adapters && { adapters }),
    ...(another && { another }),
    dial: async (...where) => (await import('./links.ts')).dial(...where),
    listen: async (options) => (await import('./links.ts')).listen(options),
    lines: () => linesOf(process.stdin),
    optional: (name) => optionalPackage(name, env(INSTALL)),
    async exit(code) {
      await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
      const lost = outputLost();
      if (lost) process.stderr.write(`fusionclip: ${lost}\n`);
      process.exit(code === 0 && lost ? EXIT_CODES.io : code);
    },
  };
}
