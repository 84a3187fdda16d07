/**
 * `npm run bench:peers -- [--only PATTERN,…] [--peers tfjs,onnxruntime,jax-js] [--rounds N]
 * [--json FILE] [--driver NAME]`: the same work in this engine and in other WebGPU libraries, interleaved in one page of headless
 * Chrome on one adapter. A pattern is a part of a name, e.g. `matmul` or `290×1024×1024`. A run of everything is stored in
 * bench/results; a part of it only where --json says.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findDriver } from '../../src/launch/drivers.ts';
import { machine, maker } from '../machine.ts';
import type { PeerOptions } from './options.ts';
import { WORKS } from './work.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The packages behind the names of the libraries. */
const PACKAGES = {
  tfjs: '@tensorflow/tfjs-backend-webgpu',
  onnxruntime: 'onnxruntime-web',
  'jax-js': '@jax-js/jax',
};
const LIBRARIES = Object.keys(PACKAGES);

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: LIBRARIES.join() },
    rounds: { type: 'string', default: '7' },
    json: { type: 'string' },
    driver: { type: 'string' },
  },
});

const version = (folder: string): string =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')).version;
const patterns = values.only.split(',');
const works = [...WORKS.keys()].filter((name) => patterns.some((pattern) => name.includes(pattern)));
if (works.length === 0)
  throw new Error(`--only: no work is called like "${values.only}"; ${[...WORKS.keys()].join(', ')}`);
const peers = values.peers.split(',');
const unknown = peers.find((name) => !LIBRARIES.includes(name));
if (unknown !== undefined) throw new Error(`--peers: "${unknown}" is none of ${LIBRARIES.join(', ')}`);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: "${values.rounds}" is no positive number`);
const everything = works.length === WORKS.size && peers.length === LIBRARIES.length;
const json = values.json ?? (everything ? join(ROOT, `bench/results/peers_chrome_${maker()}.json`) : null);
if (json) mkdirSync(dirname(resolve(json)), { recursive: true });
const versions: Record<string, string> = { fusionclip: version('.') };
for (const [name, folder] of Object.entries(PACKAGES)) versions[name] = version(`node_modules/${folder}`);
const options: PeerOptions = {
  ...{ works, peers, rounds, versions, json: json && resolve(json) },
  ...{ driver: findDriver('chrome', values.driver).note, machine: machine() },
};

/** Runs a program of Node to its end, which is this one's when it failed. */
function node(...args: string[]): void {
  const { status } = spawnSync('node', args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

node('scripts/build.mjs', 'tools', 'peers_page');
const driver = values.driver ? ['--driver', values.driver] : [];
node('dist/test/launch.js', 'peers', '--runtime', 'chrome', ...driver, JSON.stringify(options));
