import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeDicom, uidOf } from '../src/dicom/write.ts';

/** What the round trip of volumes has made, and how it looks at things. */
export interface Trip {
  readonly root: string;
  readonly folder: string;
  /** Trained on its phantoms. */
  readonly mrRun: string;
  fusionclip(...args: string[]): Promise<{ code: number; out: string; err: string }>;
  check(what: string, right: boolean, more?: unknown): void;
  files(path: string): string[];
  facts(path: string): { readonly instance: string; readonly modality: string };
}

const SIDE = 64;

/** An X-ray of 12 bits without a place, of a patient of its own; every second one has a bright spot. */
async function film(person: number): Promise<Uint8Array> {
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const spot = person % 2 === 0 && Math.hypot(x - 40, y - 24) < 9 ? 900 : 0;
    return Math.round(spot + 2000 + 900 * Math.sin((x + 9 * person) / 7) * Math.cos(y / (5 + person)));
  });
  return encodeDicom([
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'],
    [0x00080018, 'UI', await uidOf(`film ${person}`)],
    [0x00080020, 'DA', '20260102'],
    [0x00080060, 'CS', 'DX'],
    [0x00100010, 'PN', `FILM^${person}`],
    [0x00100020, 'LO', `film-${person}`],
    [0x0020000d, 'UI', await uidOf(`film study ${person}`)],
    [0x0020000e, 'UI', await uidOf(`film series ${person}`)],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [SIDE]],
    [0x00280011, 'US', [SIDE]],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [12]],
    [0x00280102, 'US', [11]],
    [0x00280103, 'US', [0]],
    [0x00281050, 'DS', '2048'],
    [0x00281051, 'DS', '4096'],
    [0x7fe00010, 'OW', new Uint8Array(pixels.buffer)],
  ]);
}

/** Single images: stored, found by a search, trained on, predicted, their results stored, read back, and no input afterwards. */
export async function filmsTrip({ root, folder, mrRun, fusionclip, check, files, facts }: Trip): Promise<void> {
  const place = join(folder, 'films');
  mkdirSync(place);
  const people = [1, 2, 3, 4, 5, 6, 7, 8];
  for (const person of people) writeFileSync(join(place, `${person}.dcm`), await film(person));
  const stored = await fusionclip('data', 'store', place, '--to', `dicomweb:${root}`);
  check('films: store', stored.out.includes('8 objects stored and found there'), stored);

  const address = `dicomweb:${root}/studies?ModalitiesInStudy=DX`;
  const scores = (text: string) =>
    JSON.stringify(
      JSON.parse(text || '{"images":[]}')
        .images.map(({ score }: { score: number }) => score)
        .sort(),
    );
  const unlike = await fusionclip('predict', address, '--run', mrRun, '--json');
  const taken = await fusionclip('predict', address, '--run', mrRun, '--json', '--accept', 'modality');
  check('films: --accept modality takes them all the same', taken.code === 0, taken.err);
  check('films: a run on MR refuses them by name', unlike.code === 4 && /--accept modality/.test(unlike.err), unlike);
  // A server has no folders: who is ill is said by the names of patients.
  const named = JSON.parse((await fusionclip('data', 'check', place, '--names', '--json')).out);
  const sick = named
    .filter(({ path }: { path: string }) => /[2468]\.dcm$/.test(path))
    .map(({ patient }: { patient: string }) => patient);
  const labels = ['--normal', '*', '--abnormal', sick.join(',')];
  const unsaid = await fusionclip('data', 'check', address);
  check(
    'films: without labels they are asked about',
    /--normal NAME and --abnormal NAME say it/.test(unsaid.err),
    unsaid,
  );
  const run = join(folder, 'run-films');
  const quick = ['--shots', '1', '--aug', 'none', '--size', '56', '--epochs', '1', '--map.files', 'none'];
  const model = ['--model', 'tiny-clip', ...quick];
  const trained = await fusionclip('train', '--data', address, ...labels, ...model, '--out', run);
  check('films: train --data dicomweb:', trained.code === 0 && /by patient/.test(trained.out), trained);
  const evaluated = await fusionclip('eval', run, '--data', address, '--json');
  const { images } = JSON.parse(evaluated.out || '{"images":{}}');
  check('films: eval fetches them again', images.abnormal > 0 && images.normal > 0, evaluated);

  const loose = await fusionclip('predict', place, '--run', run, '--json');
  const out = join(folder, 'films-out');
  const results = ['--write', 'sc,sr', '--store', `dicomweb:${root}`];
  const found = await fusionclip('predict', address, '--run', run, '--out', out, '--json', ...results);
  const same =
    scores(loose.out) === scores(found.out) && JSON.parse(found.out || '{}').patients?.length === people.length;
  check('films: found by a search, with the scores of the files', same, [loose, found]);
  const written = files(join(out, 'volumes'));
  check(
    'films: results are stored',
    written.length === 2 * people.length && /16 objects stored and found there/.test(found.err),
    found.err,
  );

  const back = join(folder, 'films-back');
  await fusionclip('data', 'fetch', address, '--out', back);
  const known = new Map(files(back).map((path) => [facts(path).instance, JSON.stringify(facts(path))]));
  const sent = [...files(place), ...written].map(facts);
  const right = sent.every((one) => known.get(one.instance) === JSON.stringify(one));
  check(`films: read back: ${known.size} objects`, right && known.size === sent.length, [...known.keys()]);
  const after = await fusionclip('predict', address, '--run', run, '--json');
  check('films: results there are no input', scores(after.out) === scores(loose.out), after);
}
