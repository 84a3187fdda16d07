import { textColumns } from '../../base/columns.ts';
import { choice, type OptionTable, toggle } from '../../base/option.ts';
import type { DatasetKind } from '../../data/layout/dataset.ts';
import { openModel } from '../../detect/backbone.ts';
import { type MethodCost, methodCost } from '../../detect/cost.ts';
import { FUSION_OPTIONS, METHOD_PRESETS } from '../../fusion/index.ts';
import { runsOnMedClip } from '../../fusion/methods/index.ts';
import { isRead } from '../../fusion/presets.ts';
import { chooseSettings } from '../../run/model_settings.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { runSettings } from '../../run/run_config.ts';
import { type Command, exactly, flagValues, MODEL_HELP, pickFlags, word } from '../command.ts';

const FLAGS = {
  model: word('MODEL', `${MODEL_HELP}; default: generated:ViT-L-14-336, or generated:medclip-swin for medclip`),
  kind: choice(['pixel', 'image'], 'pixel', 'a data set with masks, or with labels only'),
  json: toggle(false, 'the counts as JSON'),
} satisfies OptionTable;

const { shots, aug, epochs, batch } = TRAIN_OPTIONS;
const TRAINING = {
  shots,
  'shots.abnormal': TRAIN_OPTIONS['shots.abnormal'],
  ...{ aug, epochs, batch },
  'eval.batch': TRAIN_OPTIONS['eval.batch'],
} satisfies OptionTable;

/** `fusionclip cost` */
export const cost: Command = {
  name: ['cost'],
  summary: 'counts what methods cost: operations, parameters and memory; nothing is computed or timed',
  usage: '[--method METHOD]',
  examples: ['fusionclip cost', 'fusionclip cost --method winclip+ --shots 8 --json'],
  details: `million: parameters · GFLOP: text, once a run · view, a training step's share for one view in one epoch · fit, a
normal support image · score, an image from pixels to map. train: the whole training in TFLOP. MiB: weights of
both towers as for a model in float16 · support, what is kept of the normal support images · score and train,
the most that a batch needs beside. Without --method: all that the model runs.`,
  flags: [
    { title: 'Cost', table: FLAGS },
    { title: 'Training and evaluation', table: TRAINING },
    { title: 'Method', table: FUSION_OPTIONS },
  ],
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip cost');
    const { model, kind, json } = flagValues(FLAGS, call);
    const only = flags.method ?? null;
    const isMedClip = only !== null && runsOnMedClip(runSettings(given(flags, null)).fusion.method);
    const name = model ?? `generated:${isMedClip ? 'medclip-swin' : 'ViT-L-14-336'}`;
    const backbone = await openModel(host, name);
    const names = Object.keys(METHOD_PRESETS).filter((one) => runsOnMedClip(one) === (backbone.family === 'medclip'));
    const of = (texts: Record<string, string>) => chooseSettings(backbone.defaults, texts).settings;
    const all = only ? [of(given(flags, null))] : names.map((method) => of({ ...given(flags, method), method }));
    const costs: MethodCost[] = [];
    for (const settings of all) costs.push(await methodCost(backbone, settings, kind));
    const facts = { model: name, size: all[0].fusion.size, shots: all[0].train.shots, kind };
    host.stdout(json ? `${JSON.stringify({ ...facts, costs }, null, 2)}\n` : costTable(facts, costs));
    return 0;
  },
};

/** The given settings; where all methods are counted those that mean something to `method`. */
function given(flags: Readonly<Record<string, string>>, method: string | null): Record<string, string> {
  const settings = pickFlags({ ...TRAINING, ...FUSION_OPTIONS }, flags);
  const read = ([name]: [string, string]) => method === null || name in TRAINING || isRead(method, name);
  return Object.fromEntries(Object.entries(settings).filter(read));
}

function costTable(
  { model, size, shots, kind }: { model: string; size: number; shots: number; kind: DatasetKind },
  costs: readonly MethodCost[],
): string {
  const head = [
    ['', ...Array(2).fill('million'), ...Array(4).fill('GFLOP'), 'TFLOP', ...Array(4).fill('MiB')],
    ['method', 'trained', 'frozen', 'text', 'view', 'fit', 'score', 'train', 'weights', 'support', 'score', 'train'],
  ];
  const rows = costs.map(({ method, parameters, flops, bytes, trainingFlops }) => [
    method,
    ...[parameters.trained, parameters.frozen].map((count) => short(count / 1e6)),
    ...[flops.text, flops.view, flops.fit, flops.score].map((count) => short(count === null ? null : count / 1e9)),
    short(flops.view === null ? null : trainingFlops / 1e12),
    ...[bytes.weights, bytes.support, bytes.scoring, bytes.training].map((n) => short(n === null ? null : n / 2 ** 20)),
  ]);
  const what = `${model}, ${size} px, ${shots} shots, a set with ${kind === 'pixel' ? 'masks' : 'labels only'}`;
  return `${what}\n${textColumns([...head, ...rows], 'lr')}\n`;
}

/** Three digits that count; a dash for what there is none of. */
function short(value: number | null): string {
  if (value === null) return '–';
  if (value === 0) return '0';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
