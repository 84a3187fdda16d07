import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import { PRETRAIN_OPTIONS, pretrain, pretrainOptions, resumePretrain } from '../../pretrain/index.ts';
import { MODEL_CARD, writeModelCard } from '../../report/index.ts';
import { type Command, exactly, flagValues, need, pickFlags, word } from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';
import { teamOf } from '../team.ts';

const FLAGS = {
  out: word('DIR', 'folder for the model'),
  data: word('DIR', 'pictures with captions.jsonl, captions.tsv or phantoms.jsonl, in place of phantoms'),
  workers: word('HOST:PORT,…', 'fusionclip train worker at these addresses; they share the --parts of each batch'),
  resume: toggle(false, 'go on with the interrupted run in --out; its settings stay'),
} satisfies OptionTable;

/** `fusionclip pretrain` */
export const pretraining: Command = {
  name: ['pretrain'],
  summary: 'trains a small CLIP from nothing, on synthetic pictures with captions or on a folder of such pairs',
  usage: '--out DIR',
  examples: ['fusionclip pretrain --out models/small', 'fusionclip pretrain --out models/small --resume'],
  details: `DIR becomes a model folder as Hugging Face lays it out, with metrics.jsonl, checkpoint/ and, when it is finished,
${MODEL_CARD}. Ctrl-C saves a checkpoint; fusionclip pretrain --resume --out DIR goes on with the same bits.`,
  flags: [
    { title: 'Run', table: { ...FLAGS, ...GPU_FLAGS } },
    { title: 'Training and model', table: PRETRAIN_OPTIONS },
  ],
  async run(call) {
    const { host, flags } = call;
    exactly(0, call, 'fusionclip pretrain --out DIR');
    const { out, data, workers, resume } = flagValues(FLAGS, call);
    const folder = need(out, 'out', 'name the folder for the model');
    const settings = pickFlags(PRETRAIN_OPTIONS, flags);
    const [changed] = Object.keys(settings);
    if (resume && changed)
      throw new FusionclipError('usage', `--${changed} cannot change in a resumed run; leave it out.`);
    pretrainOptions(settings); // wrong values are found before an adapter is looked for
    const { config, steps } = await withGpu(call, async (session: Session) => {
      const team = workers === null ? {} : { team: teamOf(call, session, workers) };
      const context = { ...session, ...team, onStep: session.reporter.listen };
      const result = await (resume
        ? resumePretrain(context, folder)
        : pretrain(context, { out: folder, settings, ...(data !== null && { data }) }));
      await writeModelCard(host, folder, result, describeAdapter(session.gpu.facts));
      return result;
    });
    const { width, layers, nativeSize } = config.vision;
    host.stdout(
      `${folder}: ${steps} steps; ${layers} layers of width ${width}, ${nativeSize} px; more in ${folder}/${MODEL_CARD}\n`,
    );
    return 0;
  },
};
