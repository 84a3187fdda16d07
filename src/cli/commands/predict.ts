import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { visible } from '../../base/visible.ts';
import { DATA_OPTIONS } from '../../data/layout/rules.ts';
import { predictImages } from '../../detect/inference.ts';
import type { PredictionRow } from '../../detect/output.ts';
import { type Command, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { METHOD_DETAILS, METHOD_GROUP, methodFlags, TRAINED_FLAGS, trainedPath } from './eval.ts';

const FLAGS = {
  ...TRAINED_FLAGS,
  out: word('DIR', 'folder for predictions.csv, predictions.json and maps/; default: nothing is written'),
  range: { ...DATA_OPTIONS.range, help: 'which values of files are black and white; auto: as the run has it' },
  json: toggle(false, 'scores as JSON'),
} satisfies OptionTable;

/** `fusionclip predict` */
export const predict: Command = {
  name: ['predict'],
  summary: 'scores images without labels and draws heat maps over them',
  usage: 'PATH… --run RUN --out DIR',
  details: `A PATH is an image file, or a folder that is searched for images at any depth. The data set is not needed.
${METHOD_DETAILS}`,
  flags: [{ title: 'Prediction', table: { ...FLAGS, ...GPU_FLAGS } }, METHOD_GROUP],
  async run(call) {
    const { run, adapters, model, out, json, range, 'map.files': maps } = flagValues(FLAGS, call);
    if (call.positional.length === 0) {
      throw new FusionclipError('usage', 'No image is given: fusionclip predict PATH… --run RUN --out DIR.');
    }
    const settings = methodFlags(call);
    const trained = trainedPath(run, adapters);
    const rows = await withGpu(call, (session) =>
      predictImages(session, {
        paths: call.positional,
        adapters: trained,
        model: model ?? undefined,
        out,
        maps: maps ?? undefined,
        range,
        settings,
      }),
    );
    call.host.stdout(json ? `${JSON.stringify(rows, null, 2)}\n` : rows.map(line).join(''));
    return 0;
  },
};

function line({ id, score, abnormal, abnormalShare }: PredictionRow): string {
  const verdict = abnormal === null ? '' : abnormal ? '  abnormal' : '  normal';
  const share = abnormal && abnormalShare !== null ? `, ${(100 * abnormalShare).toFixed(1)} % of the pixels` : '';
  return `${score.toFixed(4)}${verdict}${share}  ${visible(id)}\n`;
}
