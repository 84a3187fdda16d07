import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, list, number, type OptionTable, optional, toggle } from '../../base/option.ts';
import { visible } from '../../base/visible.ts';
import { DATA_OPTIONS } from '../../data/layout/rules.ts';
import { OutputFolder } from '../../detect/output_folder.ts';
import type { Predictions } from '../../detect/predict.ts';
import { type PatientRow, predictPaths, type VolumeRow } from '../../detect/predict_volumes.ts';
import { VOLUME_RESULTS, type VolumeResult } from '../../detect/volume_results.ts';
import { isDicomWeb, parseDicomWeb } from '../../dicomweb/address.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { parseAccept } from '../../volume/accept.ts';
import { type Command, flagValues, word } from '../command.ts';
import { pathsOf } from '../path_list.ts';
import { predictionLine } from '../prediction_line.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';
import { storedLine, storePaths } from './dicomweb.ts';
import { defaultsOfRun, METHOD_DETAILS, METHOD_GROUP, methodFlags, TRAINED_FLAGS, trainedPath } from './eval.ts';

const FLAGS = {
  ...TRAINED_FLAGS,
  out: word('DIR', 'folder for predictions.csv, predictions.json and maps/; default: nothing is written'),
  range: { ...DATA_OPTIONS.range, help: 'which values of files are black and white; auto: as the run has it' },
  list: word(
    'FILE',
    'a file with more paths, one a line or each before a zero byte (find -print0); - in place of a PATH reads them from standard input',
  ),
  threshold: optional(number(0, [-1e9, 1e9], ''), "scores from it on are abnormal; default: the run's own threshold"),
  at: word('WHAT=SHARE', 'the threshold with that sensitivity or specificity on the validation images of the run'),
  fdr: optional(
    number(0.1, [1e-6, 0.999999], ''),
    'call abnormal so many images that at most this share of them is normal (Benjamini–Hochberg); needs fusionclip calibrate',
  ),
  window: word('RULE', `${DATA_OPTIONS.window.help.replace(/;.*/, '')}, in place of the rule of the run`),
  plane: optional(DATA_OPTIONS.plane, `${DATA_OPTIONS.plane.help.replace(/;.*/, '')}, in place of that of the run`),
  volume: DATA_OPTIONS.volume,
  accept: { ...DATA_OPTIONS.accept, help: `${DATA_OPTIONS.accept.help}; beside what the run accepts` },
  stride: integer(
    1,
    [1, 1000],
    'DICOM and NIfTI: of so many slices one is scored; maps between are mixed of their neighbours',
  ),
  write: list<VolumeResult>(
    choice<VolumeResult>(Object.keys(VOLUME_RESULTS) as VolumeResult[], 'nifti', ''),
    ['nifti'],
    `what is written of each volume: ${Object.entries(VOLUME_RESULTS)
      .map(([name, what]) => `${name}, ${what}`)
      .join('; ')}; all but nifti for DICOM series, for research use`,
  ),
  store: word(
    'dicomweb:URL',
    'a DICOMweb server that gets the DICOM results which --write names; they are looked for there afterwards',
  ),
  strict: toggle(false, 'stop at the first image that cannot be read; else it is a row with its error'),
  json: toggle(false, 'all that predictions.json holds, on standard output'),
} satisfies OptionTable;

/** `fusionclip predict` */
export const predict: Command = {
  name: ['predict'],
  summary: 'scores images without labels and draws heat maps over them',
  usage: 'PATH… --run RUN --out DIR',
  examples: [
    'fusionclip predict scan.png --run runs/brain --out maps',
    'fusionclip predict scans --run runs/brain --out maps --json',
  ],
  details: `A PATH is an image, NIfTI or DICOM file, a folder that is searched for images, or for volumes, at any depth, or
dicomweb:URL, a study of a DICOMweb server or what a search there finds (docs/clinical.md; token: DICOMWEB_TOKEN);
- reads paths from standard input, one a line. The data set is not needed. Each row and map is written as soon as it is
known. An image that cannot be read is a row with its error, and the exit code at the end is that of the first one; 0
when all were scored.
${METHOD_DETAILS}`,
  flags: [{ title: 'Prediction', table: { ...FLAGS, ...GPU_FLAGS } }, METHOD_GROUP],
  defaults: (call) => defaultsOfRun(call, false),
  async run(call) {
    const {
      run,
      adapters,
      model,
      out,
      range,
      list: listFile,
      json,
      strict,
      stride,
      window,
      plane,
      volume,
      accept,
      threshold,
      at,
      fdr,
      write,
      store,
      'map.files': maps,
    } = flagValues(FLAGS, call);
    const paths = [
      ...call.positional,
      ...(listFile === null ? [] : pathsOf(new TextDecoder().decode(await call.host.readFile(listFile)))),
    ];
    if (paths.length === 0) {
      const list = listFile === null ? '' : '; the list of paths is empty, write one a line';
      throw new FusionclipError('usage', `No image is given: fusionclip predict PATH… --run RUN --out DIR${list}.`);
    }
    parseAccept(accept); // a word that is none is found now
    if (store !== null) {
      parseDicomWeb(store);
      if (out === null || write.every((kind) => kind === 'nifti')) {
        const text =
          '--store sends DICOM results that lie in --out; say where, and which by --write seg,sr (see --help).';
        throw new FusionclipError('usage', text);
      }
    }
    const settings = methodFlags(call);
    await OutputFolder.requireFree(call.host, out);
    const trained = await trainedPath(call, run, adapters);
    let bad: FusionclipError | null = null;
    const { predictions, ...found } = await withGpu(call, (session) =>
      predictPaths(session, {
        ...{
          paths,
          adapters: trained,
          out,
          settings,
          threshold,
          at,
          strict,
          stride,
          window,
          plane,
          volume,
          falseDiscovery: fdr,
        },
        accept: accept.split(','),
        model: model ?? undefined,
        maps: maps ?? undefined,
        range,
        write,
        onRow: (row) => {
          if (json) return;
          session.reporter.clear();
          call.host.stdout(predictionLine(row));
        },
        onBad: (error) => {
          bad ??= error;
        },
      }),
    );
    if (json) {
      const all = found.volumes.length > 0 ? { ...predictions, ...found } : predictions;
      call.host.stdout(`${JSON.stringify(all, null, 2)}\n`);
    } else {
      const { volumes, patients } = found;
      // A patient with one volume is told by its line; a single image has its line already.
      const placed = volumes.filter(({ place }) => place.length > 0);
      const several =
        patients.length < volumes.length || placed.length < volumes.length ? patients.map(patientLine) : [];
      call.host.stdout([...placed.map(volumeLine), ...several].join('') + together(predictions));
    }
    if (store !== null) {
      const written = found.volumes.flatMap(({ dicom }) => dicom);
      const stored = await storePaths(call, written, store, paths.filter(isDicomWeb));
      (json ? call.host.stderr : call.host.stdout)(storedLine(stored, store));
    }
    if (bad === null) return 0;
    const failed = predictions.images.filter(({ error }) => error !== null).length;
    call.host.stderr(`fusionclip: ${failed} of ${counted(predictions.images.length, 'image')} could not be scored.\n`);
    return EXIT_CODES[(bad as FusionclipError).code];
  },
};

function patientLine({ patient, volume, score, abnormal }: PatientRow): string {
  return `${score.toFixed(4)}${calledText(abnormal)}  ${visible(patient)}, by ${visible(volume)}\n`;
}

function calledText(abnormal: boolean | null): string {
  return abnormal === null ? '' : `  ${abnormal ? 'abnormal' : 'normal'}`;
}

function volumeLine({ name, patient, score, abnormal, slice, place, millilitres }: VolumeRow): string {
  const size = millilitres === null ? '' : `, ${millilitres} ml above the threshold`;
  const where = `highest in slice ${slice + 1} at ${place.join(', ')} mm${size}`;
  return `${score.toFixed(4)}${calledText(abnormal)}  ${visible(patient)}, ${visible(name)}: ${where}\n`;
}

/** What is known of all images together, by a calibration. */
function together({ decisions, images }: Predictions): string {
  if (!decisions) return '';
  const { falseDiscovery, coverage, patients } = decisions;
  const lines: string[] = [];
  if (falseDiscovery !== null) {
    const called = images.filter(({ abnormal }) => abnormal);
    const share = `${Number((100 * falseDiscovery).toPrecision(3))} %`;
    lines.push(
      `${called.length} of ${images.length} images are called abnormal; of such calls ${share} are expected to be wrong at most`,
    );
    for (const row of called)
      lines.push(`  ${row.decision}, adjusted p = ${row.adjusted!.toPrecision(2)}  ${visible(row.id)}`);
  }
  for (const { patient, verdict, pValue } of patients ?? []) {
    if (patient.startsWith('patient ')) lines.push(`${visible(patient)}: ${verdict}, p = ${pValue.toPrecision(2)}`);
  }
  if (coverage.state === 'shifted') lines.push(coverage.text);
  return lines.map((one) => `${one}\n`).join('');
}
