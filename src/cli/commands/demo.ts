import { encodePng } from '../../data/encode.ts';
import type { FileSystem } from '../../data/file_system.ts';
import { joinPath } from '../../data/paths.ts';
import { rulePicture } from '../../data/picture.ts';
import { ruleU32 } from '../../data/rule.ts';
import { integer, type OptionTable, toggle } from '../../fusion/index.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import { FusionclipError } from '../../gpu/errors.ts';
import { formatDuration, trainRun } from '../../train/index.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';

const FLAGS = {
  out: word('DIR', 'folder for the pictures and the run; default: fusionclip-demo'),
  epochs: integer(4, [1, 1000], 'passes over the support views'),
  seed: integer(1, [0, 2 ** 32 - 1], 'of pictures, weights and draw'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** Side of the pictures in pixels. */
const SIDE = 128;
/** Images of each class in a split. */
const COUNT = { valid: 12, test: 20 } as const;

/** `fusionclip demo` */
export const demo: Command = {
  name: ['demo'],
  summary: 'the whole method on synthetic pictures with a small random CLIP: trains, judges, draws maps',
  usage: '',
  flags: [{ title: 'Demo', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    const { host } = call;
    exactly(0, call, 'fusionclip demo');
    const { out, epochs, seed, json } = flagValues(FLAGS, call);
    const folder = out ?? 'fusionclip-demo';
    const data = joinPath(folder, 'data');
    const run = joinPath(folder, 'run');
    await requireOwnFolder(host, folder);
    const start = performance.now();
    const { results, adapter } = await withGpu(call, async (session) => {
      await writePictures(host, data, seed);
      const settings = {
        size: '112',
        shots: '4',
        epochs: String(epochs),
        batch: '22',
        'eval.every': '2',
        seed: String(seed),
        'prompt.object': 'cell culture',
      };
      const model = `generated:T:${seed}`;
      const { results } = await trainRun(session, { data, model, out: run, settings, force: true });
      return { results, adapter: describeAdapter(session.gpu.facts) };
    });
    if (json) {
      host.stdout(`${JSON.stringify(results, null, 2)}\n`);
      return 0;
    }
    const { selected, trivial } = results;
    const show = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(3));
    host.stdout(
      [
        `FusionCLIP-AD on ${COUNT.test * 2} synthetic test pictures, ${formatDuration((performance.now() - start) / 1000)}`,
        `adapter   ${adapter}; ${host.runtime} ${host.version}`,
        `model     T with random weights (seed ${seed}), 4 + 4 support pictures in 11 views, ${epochs} epochs; chosen: epoch ${selected.epoch}`,
        `images    AUROC ${show(selected.image.auroc)}, AP ${show(selected.image.averagePrecision)}; from grey values alone: mean ${show(trivial?.mean.auroc)}, deviation ${show(trivial?.std.auroc)}`,
        `pixels    AUROC ${show(selected.pixel?.auroc)}, AP ${show(selected.pixel?.averagePrecision)}, AUPRO ${show(selected.pixel?.aupro)}; grey values as map: ${show(trivial?.map?.auroc)}`,
        `lesions   Dice ${show(selected.pixelThreshold?.dice)} at the threshold that was chosen on the other valid pictures`,
        `maps      ${run}/maps/ (heat maps over the pictures), scores in ${run}/predictions.csv`,
        `next      fusionclip predict ${data}/test/Ungood/img --run ${run} --out ${folder}/predictions`,
        '',
      ].join('\n'),
    );
    return 0;
  },
};

/** A folder that is not there, or that an earlier demo has made. */
async function requireOwnFolder(fs: FileSystem, folder: string): Promise<void> {
  const stat = await fs.stat(folder);
  if (!stat) return;
  const names = stat.kind === 'directory' ? (await fs.list(folder)).map(({ name }) => name) : ['a file'];
  if (names.every((name) => ['data', 'run', 'predictions'].includes(name))) return;
  throw new FusionclipError('usage', `${folder} holds other files; give another folder with --out.`);
}

/** Share of a picture that all pictures have in common, in percent: normal ones look alike, as an organ does. */
const COMMON = 80;

/** Writes a set in BMAD's layout: pictures with and without steep blobs, and their masks. */
async function writePictures(fs: FileSystem, folder: string, seed: number): Promise<void> {
  for (const split of ['valid', 'test'] as const) {
    for (let i = 0; i < COUNT[split]; i++) {
      const name = `${String(i).padStart(2, '0')}.png`;
      const good = demoPicture(`demo.${split}.good.${i}`, seed, 0);
      const bad = demoPicture(`demo.${split}.bad.${i}`, seed, 1 + (i % 3));
      await fs.writeFile(joinPath(folder, split, 'good/img', name), encodePng(good.image));
      await fs.writeFile(joinPath(folder, split, 'Ungood/img', name), encodePng(bad.image));
      await fs.writeFile(joinPath(folder, split, 'Ungood/anomaly_mask', name), encodePng(bad.mask));
    }
  }
}

/**
 * A rule picture whose background is mostly that of all others, under an exposure of its own: without that, the
 * deviation of the grey values alone would tell which pictures have lesions.
 */
function demoPicture(name: string, seed: number, lesions: number): ReturnType<typeof rulePicture> {
  const common = rulePicture('demo', seed, SIDE, SIDE, 3, 0).image.data;
  const own = rulePicture(name, seed, SIDE, SIDE, 3, 0).image.data;
  const { image, mask } = rulePicture(name, seed, SIDE, SIDE, 3, lesions);
  const gain = 0.6 + (0.6 * (ruleU32(`${name}.exposure`, seed, 0) >>> 16)) / 65536;
  const data = Uint8ClampedArray.from(image.data, (value, i) => {
    const background = (COMMON * common[i] + (100 - COMMON) * own[i]) / 100;
    return 128 + gain * (background + (value - own[i]) - 128);
  });
  return { image: { ...image, data: new Uint8Array(data) }, mask };
}
