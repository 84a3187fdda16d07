import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { type DicomElement, encodeDicom, uidOf } from '../dicom/write.ts';
import { encodeNifti } from '../nifti/write.ts';
import { phantomFamily } from './phantom.ts';
import { type PhantomVolume, phantomVolume } from './volume.ts';
import { writeWholeSet } from './whole_set.ts';

/** Volumes to write. */
export interface PhantomVolumes {
  readonly set: string;
  readonly out: string;
  readonly seed: number;
  /** Patients, half of them, rounded down, diseased. */
  readonly valid: number;
  readonly test: number;
  readonly size: number;
  readonly depth: number;
  readonly format: 'dicom' | 'nifti';
  readonly kinds?: readonly string[];
}

/** Where the numbers of a split start, so that no patient is in two splits. */
const FIRST = { valid: 3_000_000, test: 4_000_000 } as const;

/**
 * Writes `OUT/Brain/{valid,test}/PATIENT/…`: a NIfTI file and its mask, or a DICOM series and its segmentation. Healthy patients lie
 * in `good`. Equal arguments give equal bytes. Calls `onProgress` after each patient; returns the folder's path.
 * @throws FusionclipError `usage` for what cannot be, and for a folder that is there already
 */
export async function writePhantomVolumes(
  fs: FileSystem,
  options: PhantomVolumes,
  onProgress?: (done: number, total: number) => void,
): Promise<string> {
  const { set, seed, depth } = options;
  const family = phantomFamily(set);
  const kinds = options.kinds ?? family.kinds.map(({ name }) => name);
  phantomVolume(set, seed, 0, { size: 32, depth, kind: kinds[0] ?? null });
  return writeWholeSet(fs, options.out, family.dataset, (folder) =>
    writePatients(fs, folder, options, kinds, onProgress),
  );
}

async function writePatients(
  fs: FileSystem,
  folder: string,
  options: PhantomVolumes,
  kinds: readonly string[],
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const { set, seed, size, depth } = options;
  let done = 0;
  for (const split of ['valid', 'test'] as const) {
    for (let i = 0; i < options[split]; i++) {
      const index = FIRST[split] + i;
      const diseased = i % 2 === 1;
      const kind = diseased ? kinds[(i >> 1) % kinds.length] : null;
      const volume = phantomVolume(set, seed, index, { size, depth, kind });
      const patient = `${set}_${seed}_${index}`;
      const place = joinPath(folder, split, diseased ? '' : 'good', patient);
      if (options.format === 'nifti') await writeNifti(fs, place, patient, volume, diseased);
      else await writeSeries(fs, place, { patient, set }, volume, diseased);
      onProgress?.(++done, options.valid + options.test);
    }
  }
}

async function writeNifti(
  fs: FileSystem,
  place: string,
  patient: string,
  { shape, affine, values, lesions }: PhantomVolume,
  masked: boolean,
): Promise<void> {
  await fs.writeFile(joinPath(place, `${patient}.nii.gz`), encodeNifti({ shape, affine, data: values }));
  if (masked)
    await fs.writeFile(joinPath(place, `${patient}_mask.nii.gz`), encodeNifti({ shape, affine, data: lesions }));
}

/** Classes of objects (PS3.4 B.5). */
const CLASSES = {
  brain: '1.2.840.10008.5.1.4.1.1.4',
  liver: '1.2.840.10008.5.1.4.1.1.2',
  seg: '1.2.840.10008.5.1.4.1.1.66.4',
};

async function writeSeries(
  fs: FileSystem,
  place: string,
  { patient, set }: { patient: string; set: string },
  { shape, affine, values, lesions }: PhantomVolume,
  masked: boolean,
): Promise<void> {
  const [width, height, depth] = shape;
  const ct = set === 'liver';
  const series = await uidOf(`${patient} series`);
  const common: DicomElement[] = [
    [0x00080020, 'DA', '20260101'],
    [0x00100010, 'PN', `PHANTOM^${patient.toUpperCase()}`],
    [0x00100020, 'LO', patient],
    [0x0020000d, 'UI', await uidOf(`${patient} study`)],
    [0x00200052, 'UI', await uidOf(`${patient} frame`)],
    [0x00280010, 'US', [height]],
    [0x00280011, 'US', [width]],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
  ];
  const column = (c: number) => affine.map((row, i) => (i < 2 ? -row[c] : row[c]));
  const spacing = [0, 1, 2].map((c) => Math.hypot(...column(c)));
  const orientation = [0, 1].flatMap((c) => column(c).map((value) => value / spacing[c]));
  const text = (numbers: readonly number[]) => numbers.map((value) => value.toFixed(7)).join('\\');
  const position = (k: number) => column(3).map((value, i) => value + k * column(2)[i]);
  const instances: string[] = [];
  for (let k = 0; k < depth; k++) {
    const instance = await uidOf(`${patient} ${k}`);
    instances.push(instance);
    const stored = values.slice(k * width * height, (k + 1) * width * height);
    if (ct) for (let i = 0; i < stored.length; i++) stored[i] += 1024;
    const list: DicomElement[] = [
      ...common,
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
      [0x00080016, 'UI', ct ? CLASSES.liver : CLASSES.brain],
      [0x00080018, 'UI', instance],
      [0x00080060, 'CS', ct ? 'CT' : 'MR'],
      [0x0020000e, 'UI', series],
      [0x00200013, 'IS', String(depth - k)],
      [0x00200032, 'DS', text(position(k))],
      [0x00200037, 'DS', text(orientation)],
      [0x00280030, 'DS', text([spacing[1], spacing[0]])],
      [0x00280100, 'US', [16]],
      [0x00280101, 'US', [12]],
      [0x00280102, 'US', [11]],
      [0x00280103, 'US', [0]],
      [0x7fe00010, 'OW', littleEndian(stored)],
    ];
    if (ct) {
      list.push([0x00281052, 'DS', '-1024'], [0x00281053, 'DS', '1'], [0x00281054, 'LO', 'HU']);
      list.push([0x00281050, 'DS', '30'], [0x00281051, 'DS', '150']);
    }
    await fs.writeFile(joinPath(place, `IM${String(k).padStart(4, '0')}.dcm`), encodeDicom(list));
  }
  if (!masked) return;
  const frames = Array.from({ length: depth }, (_, k) => k).filter((k) =>
    lesions.subarray(k * width * height, (k + 1) * width * height).includes(1),
  );
  const pixels = new Uint8Array(2 * Math.ceil((frames.length * width * height) / 16));
  for (const [f, k] of frames.entries()) {
    for (let i = 0; i < width * height; i++) {
      const bit = f * width * height + i;
      if (lesions[k * width * height + i]) pixels[bit >> 3] |= 1 << (bit & 7);
    }
  }
  const sequence = (tag: number, item: readonly DicomElement[]): DicomElement => [tag, 'SQ', { items: [item] }];
  const segmentation: DicomElement[] = [
    ...common,
    [0x00080008, 'CS', 'DERIVED\\PRIMARY'],
    [0x00080016, 'UI', CLASSES.seg],
    [0x00080018, 'UI', await uidOf(`${patient} segmentation`)],
    [0x00080060, 'CS', 'SEG'],
    sequence(0x00081115, [[0x0020000e, 'UI', series]]),
    [0x0020000e, 'UI', await uidOf(`${patient} segmentation series`)],
    [0x00280008, 'IS', String(frames.length)],
    [0x00280100, 'US', [1]],
    [0x00280101, 'US', [1]],
    [0x00280102, 'US', [0]],
    [0x00280103, 'US', [0]],
    [0x00620001, 'CS', 'BINARY'],
    sequence(0x00620002, [
      [0x00620004, 'US', [1]],
      [0x00620005, 'LO', 'lesion'],
    ]),
    sequence(0x52009229, [
      sequence(0x00209116, [[0x00200037, 'DS', text(orientation)]]),
      sequence(0x00289110, [
        [0x00180088, 'DS', text([spacing[2]])],
        [0x00280030, 'DS', text([spacing[1], spacing[0]])],
      ]),
    ]),
    [
      0x52009230,
      'SQ',
      {
        items: frames.map((k) => [
          sequence(0x00209113, [[0x00200032, 'DS', text(position(k))]]),
          sequence(0x0062000a, [[0x0062000b, 'US', [1]]]),
        ]),
      },
    ],
    [0x7fe00010, 'OB', pixels],
  ];
  await fs.writeFile(joinPath(place, 'SEG.dcm'), encodeDicom(segmentation));
}

function littleEndian(values: Int16Array): Uint8Array {
  const out = new Uint8Array(2 * values.length);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) view.setInt16(2 * i, value, true);
  return out;
}
