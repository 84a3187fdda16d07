import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { automatic, choice, integer, type OptionTable, toggle } from '../../base/option.ts';
import { joinPath } from '../../base/paths.ts';
import { formatDuration } from '../../base/progress.ts';
import { methodTitle } from '../../fusion/presets.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import type { Interval } from '../../metrics/bootstrap.ts';
import { bestIntensity, intensityBaselines } from '../../metrics/intensity_baseline.ts';
import { PHANTOM_FAMILIES, writePhantoms } from '../../phantom/index.ts';
import { requireOwnReport, writeReport } from '../../report/index.ts';
import { EMBEDDED_MODEL } from '../../study/index.ts';
import { trainRun } from '../../train/index.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';

const FLAGS = {
  out: word('DIR', 'folder for the pictures and the run; default: fusionclip-demo'),
  family: choice(Object.keys(PHANTOM_FAMILIES), 'brain', 'what the pictures show'),
  model: word('PATH', `CLIP; default: ${EMBEDDED_MODEL} where it is, else random weights`),
  epochs: automatic(integer(10, [1, 1000], ''), 'passes over the support views; auto: what suits the model'),
  seed: integer(1, [0, 2 ** 32 - 1], 'of pictures, weights and draw'),
  json: toggle(false, 'results as JSON'),
} satisfies OptionTable;

/** Pictures of a split, half of them with a lesion; 8 of `valid` are support. */
const COUNT = { valid: 24, test: 40 } as const;

/** `fusionclip demo` */
export const demo: Command = {
  name: ['demo'],
  summary: 'the whole method on synthetic pictures: trains on 4 + 4, evaluates, draws maps, writes a report',
  usage: '',
  examples: ['fusionclip demo', 'fusionclip demo --family chest --epochs 10 --out runs/demo'],
  flags: [{ title: 'Demo', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    const { host } = call;
    exactly(0, call, 'fusionclip demo');
    const { out, family, model: given, epochs, seed, json } = flagValues(FLAGS, call);
    const folder = out ?? 'fusionclip-demo';
    const run = joinPath(folder, 'run');
    const report = joinPath(folder, 'report.html');
    await requireOwnFolder(host, folder);
    await requireOwnReport(host, report);
    const embedded = (await host.stat(joinPath(host.ownModels ?? '.', EMBEDDED_MODEL))) !== null;
    const model = given ?? (embedded ? EMBEDDED_MODEL : `generated:T:${seed}`);
    const start = performance.now();
    const { results, adapter, data, html } = await withGpu(call, async (session) => {
      const { onEvent } = session;
      await host.remove(joinPath(folder, 'data'));
      const data = await writePhantoms(
        host,
        { set: family, out: joinPath(folder, 'data'), seed, train: 0, ...COUNT, size: 168 },
        (done, total) => onEvent?.({ type: 'stage', what: 'phantoms', done, total }),
      );
      const settings = { seed: String(seed), ...(epochs !== null && { epochs: String(epochs) }) };
      const { results } = await trainRun(session, { data, model, out: run, settings, force: true });
      const html = await writeReport(host, run, report, { signal: session.signal });
      return { results, adapter: describeAdapter(session.gpu.facts), data, html };
    });
    if (json) {
      host.stdout(`${JSON.stringify(results, null, 2)}\n`);
      return 0;
    }
    const { selected, trivial } = results;
    const best = bestIntensity(trivial);
    const map = intensityBaselines(trivial).find(({ key }) => key === 'map');
    const show = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(3));
    const between = (interval?: Interval) =>
      interval ? ` (95 %: ${show(interval.low)} to ${show(interval.high)})` : '';
    const next = `fusionclip predict ${data}/test/Ungood --run ${run} --out ${folder}/predictions`;
    host.stdout(
      [
        `${methodTitle(results.method)} on ${COUNT.test} synthetic test pictures (${family}), ${formatDuration((performance.now() - start) / 1000)}`,
        `adapter   ${adapter}; ${host.runtime} ${host.version}`,
        `model     ${model}, 4 + 4 support pictures in 11 views; chosen: epoch ${selected.epoch}`,
        `images    AUROC ${show(selected.image.auroc)}${between(selected.sampling?.imageAuroc)}, AP ${show(selected.image.averagePrecision)}; brightness alone: ${best ? `${best.title} ${show(best.image.auroc)}` : '–'}`,
        `pixels    AUROC ${show(selected.pixel?.auroc)}, AUPRO ${show(selected.pixel?.aupro)}, Dice ${show(selected.pixelThreshold?.dice)}; ${map ? `${map.title}: AUROC ${show(map.pixel?.auroc)}` : ''}`,
        `maps      ${run}/maps/ (heat maps over the pictures), scores in ${run}/predictions.csv`,
        `report    ${html} (open it in a browser)`,
        `next      ${next}`,
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
  if (names.every((name) => ['data', 'run', 'predictions', 'report.html'].includes(name))) return;
  throw new FusionclipError('usage', `${folder} holds other files; give another folder with --out.`);
}
