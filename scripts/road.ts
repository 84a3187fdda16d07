/**
 * `npm run road [-- --functions] [--method METHOD] [--driver NAME]`: the files of `src/` that an image passes on its way from file to
 * map, counted in a trace. A file counts when one of its functions runs between the moment that `predictImages` gets the
 * bytes of an image and the moment that it has written the image's map; so it is what someone reads who follows one image.
 * What was prepared before (weights, prompts, support images) and `src/kernels/shaders.gen.ts`, which holds no function, do
 * not count. Files of the engine (`src/base`, `src/gpu`, `src/kernels`, `src/nn`), which compute arrays whatever they mean, are
 * counted by themselves. `--functions` prints the functions of each file too. The tiny model of the suites is trained for a step first;
 * the default is the default method. Deno counts calls in the sources as they are: V8's precise coverage.
 */
import { spawnSync } from 'node:child_process';
import { Session } from 'node:inspector';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { predictImages } from '../src/detect/predict.ts';
import { Gpu } from '../src/gpu/gpu.ts';
import { createNodeHost } from '../src/host/node.ts';
import { findDriver } from '../src/launch/drivers.ts';
import { ruleSet } from '../test/train/rule_set.ts';
import { contextOf, smallRun, tinyBackbone } from '../test/train/small_run.ts';

const { values } = parseArgs({
  options: {
    functions: { type: 'boolean', default: false },
    method: { type: 'string', default: 'fusionclip' },
    driver: { type: 'string' },
    traced: { type: 'boolean', default: false },
  },
});
const here = fileURLToPath(import.meta.url);
if (!values.traced) {
  // A driver is chosen by the environment that a process starts with.
  const { env } = findDriver('deno', values.driver);
  const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet', here, '--traced', ...process.argv.slice(2)];
  process.exit(spawnSync(process.execPath, flags, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1);
}

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
  }[];
}

const session = new Session();
session.connect();
const ask = (method: string, parameters = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    session.post(method, parameters, (error, value) => (error ? reject(error) : resolve(value)));
  });
/** What has run since the last call. */
const taken = async () => ((await ask('Profiler.takePreciseCoverage')) as { result: Script[] }).result;

const ENGINE = /^(base|gpu|kernels|nn)\//;
const IMAGE = '/Brain_AD/test/Ungood/img/0.png';
const fs = ruleSet();
const context = contextOf(await Gpu.create(await createNodeHost().gpu()), fs);
await smallRun(context, { method: values.method, epochs: '1' });
await ask('Profiler.enable');
await ask('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

let trace: Script[] | undefined;
const { readFile, writeFile } = fs;
fs.readFile = async (path) => {
  const bytes = await readFile.call(fs, path);
  // An image that is read once more is on its way already.
  if (path === IMAGE && !fs.reads.slice(0, -1).includes(IMAGE)) await taken();
  return bytes;
};
fs.writeFile = async (path, bytes) => {
  await writeFile.call(fs, path, bytes);
  if (path.endsWith('.npy')) trace = await taken();
};
fs.reads.length = 0;
await predictImages(context, {
  ...{ paths: [IMAGE], adapters: '/run', model: await tinyBackbone() },
  ...{ out: '/maps', maps: 'npy' },
});
if (!trace) throw new Error('no map was written');

const root = new URL('../src/', import.meta.url).href;
const road = trace
  .filter(({ url }) => url.startsWith(root))
  .map(({ url, functions }) => {
    // A module is a function too, which runs when it is loaded.
    const called = functions.filter(({ ranges: [{ startOffset, count }] }) => count > 0 && startOffset > 0);
    return {
      file: url.slice(root.length),
      names: called.map(({ functionName }) => functionName || '(without a name)'),
    };
  })
  .filter(({ names }) => names.length > 0)
  .sort((a, b) => (a.file < b.file ? -1 : 1));
for (const { file, names } of road) {
  console.log(`src/${file}${values.functions ? `: ${[...new Set(names)].join(', ')}` : ''}`);
}
const engine = road.filter(({ file }) => ENGINE.test(file)).length;
console.log(
  `${road.length - engine} files that know of images, and ${engine} of the engine, from an image to its map, ${values.method}; each image is read ${fs.reads.filter((path) => path === IMAGE).length} times`,
);
process.exit(0);
