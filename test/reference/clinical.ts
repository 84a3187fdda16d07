/** The half of `clinical.py` that reads with this project's readers and compares; run by that script. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import type { FileSystem } from '../../src/base/file_system.ts';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';

interface Dump {
  readonly file: string;
  readonly type: string;
  readonly shape: readonly number[];
}

interface Entry {
  readonly kind: 'dicom' | 'nifti' | 'none';
  readonly path: string;
  readonly syntax?: string;
  readonly pixels?: boolean;
  readonly lossy?: boolean;
  readonly refused?: string;
  readonly frames?: readonly { index: number; stored: Dump; values?: Dump; rgb?: Dump }[];
  readonly values?: Dump;
  readonly affine?: readonly (readonly number[])[];
}

const { expected: folder, entries } = JSON.parse(readFileSync(process.argv[2], 'utf8')) as {
  expected: string;
  entries: readonly Entry[];
};

function load({ file, type }: Dump): ArrayLike<number> {
  const bytes = new Uint8Array(readFileSync(`${folder}/${file}`)).buffer;
  switch (type.slice(1)) {
    case 'u1':
      return new Uint8Array(bytes);
    case 'i1':
      return new Int8Array(bytes);
    case 'u2':
      return new Uint16Array(bytes);
    case 'i2':
      return new Int16Array(bytes);
    case 'u4':
      return new Uint32Array(bytes);
    case 'i4':
      return new Int32Array(bytes);
    case 'f4':
      return new Float32Array(bytes);
    case 'f8':
      return new Float64Array(bytes);
    default:
      throw new Error(`type ${type}`);
  }
}

/** The largest difference. */
function difference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < ours.length; i++) {
    const here = Object.is(ours[i], theirs[i]) || ours[i] === theirs[i] ? 0 : Math.abs(ours[i] - theirs[i]);
    if (!(here <= most)) most = Number.isNaN(here) ? Number.POSITIVE_INFINITY : here;
  }
  return most;
}

/** Files where the references are not followed, and why. */
const KNOWN: Readonly<Record<string, string>> = {
  'rtplan_truncated.dcm': 'cut short: refused here, read in part by pydicom',
  'no_meta.dcm': 'begins within an element (pydicom 1.4): refused here, read as nonsense by pydicom',
  'mlut_18.dcm_dcmcjpls6': 'signed JPEG-LS: as before it was compressed here, without its sign with pydicom',
  'SC_rgb_jpeg_lossy_gdcm.dcm':
    'called RGB, and is subsampled luma and chroma: its squares are red here, blue with pydicom',
};

const knownOf = (path: string) => Object.keys(KNOWN).find((name) => path.includes(name));

let equal = 0;
let near = 0;
let alike = 0;
const known: string[] = [];
const differing: string[] = [];
const syntaxes = new Map<string, number>();

async function compareDicom(entry: Entry): Promise<string> {
  const file = DicomFile.read(new Uint8Array(readFileSync(entry.path)), 'FILE');
  if (!entry.pixels) return file.hasPixels ? 'has pixels for us alone' : 'equal';
  let worst = 0;
  for (const frame of entry.frames ?? []) {
    const stored = await file.stored(frame.index);
    const values = load(frame.stored);
    // A codec that undoes a colour transform says so; pydicom gives colours as the stream has them.
    if (stored.photometric === file.format.photometric) {
      const off = difference(stored.data, values);
      if (off > (entry.lossy ? 1 : 0)) return `stored values of frame ${frame.index} differ by ${off}`;
      worst = Math.max(worst, off);
    }
    const ready = await file.frame(frame.index);
    if (frame.values && ready.kind === 'grey' && worst === 0) {
      const off = difference(ready.values, load(frame.values));
      if (off > 0) return `modality values of frame ${frame.index} differ by ${off}`;
    }
    if (frame.rgb && ready.kind === 'colour') {
      const off = difference(ready.rgb, load(frame.rgb));
      // Conversions round differently, and make of one level of chroma up to 1.8 of blue.
      const exact = file.format.photometric === 'RGB' || file.format.photometric === 'PALETTE COLOR';
      if (off > (entry.lossy ? 3 : exact ? 0 : 1)) return `colours of frame ${frame.index} differ by ${off}`;
      worst = Math.max(worst, off);
    }
  }
  return worst === 0 ? 'equal' : `within ${worst}`;
}

/** What a reader of volumes needs of a disk. */
const disk = {
  readFile: async (path: string) => new Uint8Array(readFileSync(path)),
  readRange: async (path: string, at: number, length: number) =>
    new Uint8Array(readFileSync(path)).slice(at, at + length),
  stat: async (path: string) => (existsSync(path) ? { kind: 'file', bytes: statSync(path).size } : null),
} as unknown as FileSystem;

async function compareNifti(entry: Entry): Promise<string> {
  const file = await NiftiFile.open(disk, entry.path);
  const { affine, shape } = file.header;
  const off = difference(affine.flat(), (entry.affine ?? []).slice(0, 3).flat());
  if (off > 1e-4) return `the affine differs by ${off}`;
  const values = load(entry.values as Dump) as Float64Array;
  if (values.length !== shape.reduce((product, one) => product * one, 1)) return `its shape is ${shape}`;
  const size = shape[0] * shape[1];
  for (let i = 0; i < file.volumes * shape[2]; i++) {
    const slice = await file.slice(i % shape[2], Math.floor(i / shape[2]));
    const most = difference(slice, values.subarray(i * size, (i + 1) * size));
    if (most > 0) return `values of slice ${i} differ by ${most}`;
  }
  return 'equal';
}

for (const entry of entries) {
  let result: string;
  try {
    if (entry.kind === 'none') result = 'refused';
    else result = await (entry.kind === 'nifti' ? compareNifti : compareDicom)(entry);
  } catch (error) {
    result = `refused: ${error instanceof Error ? error.message : error}`;
  }
  const both = result.startsWith('refused') && (entry.refused || entry.kind === 'none');
  if (both) alike++;
  else if (result === 'equal') equal++;
  else if (result.startsWith('within')) near++;
  else if (knownOf(entry.path)) known.push(knownOf(entry.path) as string);
  else differing.push(`${entry.path}: ${result}${entry.refused ? ` (reference: ${entry.refused})` : ''}`);
  if (!both && /^(equal|within)/.test(result) && entry.syntax) {
    syntaxes.set(entry.syntax, (syntaxes.get(entry.syntax) ?? 0) + 1);
  }
}
console.log(`${equal} equal, ${near} lossy and near, ${alike} refused by both, ${differing.length} differing`);
console.log(`${syntaxes.size} transfer syntaxes and types`);
for (const name of new Set(known)) console.log(`known: ${name}: ${KNOWN[name]}`);
for (const line of differing) console.log(line);
process.exitCode = differing.length ? 1 : 0;
