import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { presetConfig } from '../../src/clip/config.ts';
import { generateModel } from '../../src/clip/generate.ts';
import { disk } from '../../src/host/disk.ts';
import { findDeno } from '../../src/launch/runtimes.ts';
import { ruleSet } from '../train/rule_set.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const BIN = join(ROOT, 'bin/fusionclip.mjs');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command in Deno, the quickest of the runtimes. @param input what it gets on standard input */
export function start(args: readonly string[], env: Record<string, string> = {}, cwd = ROOT, input?: string) {
  const child: ChildProcess = spawn(process.execPath, [BIN, '--runtime', 'deno', ...args], {
    cwd,
    env: { ...process.env, FUSIONCLIP_RUNTIME: '', ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  return { child, ended: ending(child) };
}

/** Runs a command to its end. */
export function fusionclip(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return start(args, env).ended;
}

/** Runs a command whose files cannot grow beyond some kilobytes: what a full disk does to it. */
export function withSmallFiles(folder: string, kilobytes: number, args: readonly string[]): Promise<Ended> {
  // The signal that would end the process is ignored, so that the write itself fails. The launcher would undo that for
  // its child, so it happens in what the launcher takes for Deno.
  const wrapper = join(folder, 'deno.sh');
  const script = `#!/bin/bash\ntrap '' XFSZ\nulimit -f ${kilobytes}\nexec "${findDeno()}" "$@"\n`;
  writeFileSync(wrapper, script, { mode: 0o755 });
  return fusionclip(args, { FUSIONCLIP_DENO: wrapper });
}

function ending(child: ChildProcess): Promise<Ended> {
  const out = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...out })));
}

/** Writes the data set of rule pictures to a folder. */
export function writeSet(folder: string, kind: 'pixel' | 'image' = 'pixel'): string {
  for (const [path, bytes] of ruleSet(kind).files) {
    const file = join(folder, path.slice('/Brain_AD/'.length));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return folder;
}

/** Writes a model with one block of 64 numbers in either tower. */
export async function writeModel(file: string, seed = 1): Promise<string> {
  const config = presetConfig('T');
  const tower = { width: 64, layers: 1, heads: 1, mlp: 64 };
  const vision = { ...config.vision, ...tower, nativeSize: 56 };
  const small = { ...config, embed: 32, vision, text: { ...config.text, ...tower } };
  await generateModel(small, seed, {}, await disk.createWriter(file));
  return file;
}

/** Flags of a run of about a second. */
export const QUICK = [
  ...['--size', '42', '--shots', '2', '--aug', 'none', '--epochs', '2', '--batch', '2'],
  ...['--prompt.nctx', '2', '--eval.every', '1'],
];

/** The objects of the lines that are JSON. */
export function jsonLines(text: string) {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}
