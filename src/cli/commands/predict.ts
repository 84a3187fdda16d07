import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { visible } from '../../base/visible.ts';
import type { PredictionRow } from '../../detect/output.ts';
import { predictPaths, type VolumeRow } from '../../detect/predict_volumes.ts';
import { type Command, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { METHOD_DETAILS, METHOD_GROUP, methodFlags, TRAINED_FLAGS, trainedPath } from './eval.ts';

const FLAGS = {
  ...TRAINED_FLAGS,
  out: word('DIR', 'folder for predictions.csv, predictions.json and maps/; default: nothing is written'),
  json: toggle(false, 'scores as JSON'),
} satisfies OptionTable;

/** `fusionclip predict` */
export const predict: Command = {
  name: ['predict'],
  summary: 'scores images without labels and draws heat maps over them',
  usage: 'PATH… --run RUN --out DIR',
  details: `A PATH is an image file, a NIfTI or DICOM file, or a folder that is searched for images, or for volumes, at any depth. The data set is not needed.
${METHOD_DETAILS}`,
  flags: [{ title: 'Prediction', table: { ...FLAGS, ...GPU_FLAGS } }, METHOD_GROUP],
  async run(call) {
    const { run, adapters, model, out, json, 'map.files': maps } = flagValues(FLAGS, call);
    if (call.positional.length === 0) {
      throw new FusionclipError('usage', 'No image is given: fusionclip predict PATH… --run RUN --out DIR.');
    }
    const settings = methodFlags(call);
    const trained = trainedPath(run, adapters);
    const { rows, volumes } = await withGpu(call, (session) =>
      predictPaths(session, {
        paths: call.positional,
        adapters: trained,
        model: model ?? undefined,
        out,
        maps: maps ?? undefined,
        settings,
      }),
    );
    if (json) call.host.stdout(`${JSON.stringify(volumes.length > 0 ? { rows, volumes } : rows, null, 2)}\n`);
    else call.host.stdout(volumes.length > 0 ? volumes.map(volumeLine).join('') : rows.map(line).join(''));
    return 0;
  },
};

function volumeLine({ name, patient, score, slice, place, millilitres }: VolumeRow): string {
  const size = millilitres === null ? '' : `, ${millilitres} ml above the threshold`;
  return `${score.toFixed(4)}  ${visible(patient)}, ${visible(name)}: highest in slice ${slice + 1} at ${place.join(', ')} mm${size}\n`;
}

function line({ id, score, abnormal, abnormalShare }: PredictionRow): string {
  const verdict = abnormal === null ? '' : abnormal ? '  abnormal' : '  normal';
  const share = abnormal && abnormalShare !== null ? `, ${(100 * abnormalShare).toFixed(1)} % of the pixels` : '';
  return `${score.toFixed(4)}${verdict}${share}  ${visible(id)}\n`;
}
