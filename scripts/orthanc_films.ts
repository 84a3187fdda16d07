import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeDicom, uidOf } from '../src/dicom/write.ts';

/** What the round trip of volumes has made, and how it looks at things. */
export interface Trip {
  readonly root: string;
  readonly folder: string;
  readonly run: string;
  fusionclip(...args: string[]): Promise<{ code: number; out: string; err: string }>;
  check(what: string, right: boolean, more?: unknown): void;
  files(path: string): string[];
  facts(path: string): { readonly instance: string; readonly modality: string };
}

const SIDE = 64;

/** An X-ray of 12 bits without a place, of a patient of its own. */
async function film(person: number): Promise<Uint8Array> {
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    return Math.round(2000 + 900 * Math.sin((x + 9 * person) / 7) * Math.cos(y / (5 + person)));
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

/** Single images: stored, found by a search, predicted, their results stored, read back, and no input afterwards. */
export async function filmsTrip({ root, folder, run, fusionclip, check, files, facts }: Trip): Promise<void> {
  const place = join(folder, 'films');
  mkdirSync(place);
  for (const person of [1, 2, 3]) writeFileSync(join(place, `${person}.dcm`), await film(person));
  const stored = await fusionclip('data', 'store', place, '--to', `dicomweb:${root}`);
  check('films: store', stored.out.includes('3 objects stored and found there'), stored);

  const address = `dicomweb:${root}/studies?ModalitiesInStudy=DX`;
  const scores = (text: string) =>
    JSON.stringify(
      JSON.parse(text || '{"images":[]}')
        .images.map(({ score }: { score: number }) => score)
        .sort(),
    );
  const loose = await fusionclip('predict', place, '--run', run, '--json');
  const out = join(folder, 'films-out');
  const results = ['--write', 'seg,sc,sr', '--store', `dicomweb:${root}`];
  const found = await fusionclip('predict', address, '--run', run, '--out', out, '--json', ...results);
  const same = scores(loose.out) === scores(found.out) && JSON.parse(found.out || '{}').patients?.length === 3;
  check('films: found by a search, with the scores of the files', same, [loose, found]);
  const written = files(join(out, 'volumes'));
  check(
    'films: results are stored',
    written.length === 9 && /9 objects stored and found there/.test(found.err),
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
