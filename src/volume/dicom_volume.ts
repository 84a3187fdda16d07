import type { FileSystem } from '../base/file_system.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import type { Affine } from '../nifti/affine.ts';
import { Held } from './held.ts';
import type { OrderedSlices } from './order.ts';
import { ReadAhead } from './read_ahead.ts';
import { isPlain, type SliceHeader } from './slice_header.ts';
import type { Look, Volume, VolumeSlice } from './volume.ts';

/**
 * A DICOM series as a volume. Of its files one is held at a time, since one may have all frames, or the picture of one that has no other;
 * of files with one frame also the next ones while slices are asked for in their order.
 */
export class DicomVolume implements Volume {
  readonly name: string;
  readonly patient: string;
  readonly placed: boolean;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  readonly modality: string;
  readonly scanner: string | null;
  readonly bodyPart: string;
  readonly bits: number | null;
  readonly look: Look;
  /** Those that there are. */
  readonly slices: readonly SliceHeader[];
  readonly missing: ReadonlySet<number>;
  /** Of each slice of the grid the last one up to it that there is. */
  private readonly upTo: readonly number[];
  /** The file of several frames that was read last. */
  private file: { readonly path: string; readonly file: DicomFile } | null = null;
  /** The picture that was decoded last, of a file that has no other. */
  private last: { readonly i: number; readonly picture: VolumeSlice } | null = null;
  private readonly files: ReadAhead;
  private before = -1;
  private readonly held: Held;
  private readonly forget = () => {
    this.file = null;
    this.last = null;
    this.files.forget();
  };

  constructor(
    fs: FileSystem,
    names: { name: string; patient: string },
    { slices, numbers, affine }: OrderedSlices,
    held = new Held(),
    placed = true,
  ) {
    this.held = held;
    this.placed = placed;
    this.name = names.name;
    this.patient = names.patient;
    this.slices = slices;
    this.files = new ReadAhead(
      fs,
      slices.map(({ path }) => path),
    );
    const own = new Map(numbers.map((k, i) => [k, i]));
    let last = 0;
    this.upTo = Array.from({ length: numbers[numbers.length - 1] + 1 }, (_, k) => {
      last = own.get(k) ?? last;
      return last;
    });
    this.missing = new Set(this.upTo.flatMap((_, k) => (own.has(k) ? [] : [k])));
    this.shape = [slices[0].columns, slices[0].rows, this.upTo.length];
    this.affine = affine;
    this.modality = slices[0].modality;
    this.scanner = slices[0].scanner;
    this.bodyPart = slices[0].bodyPart;
    this.bits = slices[0].bits;
    this.look = lookOf(slices);
  }

  /** The picture of a slice, or null where it is missing. */
  header(k: number): SliceHeader | null {
    return this.missing.has(k) ? null : this.slices[this.upTo[k]];
  }

  /** @throws FusionclipError `bad_image`, `io` */
  async slice(k: number): Promise<VolumeSlice> {
    const picture = await this.picture(this.upTo[k]);
    if (!this.missing.has(k)) return picture;
    // Of the kind of its neighbour, so that whoever takes all slices need not know of it.
    if (picture.kind === 'colour') return { ...picture, rgb: new Uint8Array(picture.rgb.length) };
    let [dark] = picture.values;
    for (const value of picture.values) if (picture.inverted ? value > dark : value < dark) dark = value;
    const { length } = picture.values;
    return { ...picture, values: new Float32Array(length).fill(dark), padded: new Uint8Array(length).fill(1) };
  }

  private async picture(i: number): Promise<VolumeSlice> {
    this.held.by(this.name, this.forget);
    const inTurn = i === this.before + 1;
    this.before = i;
    const { path, file: name, frame, frames } = this.slices[i];
    if (frames > 1) {
      if (this.file?.path !== path) this.file = { path, file: DicomFile.read(await this.files.read(i, false), name) };
      return sliceOf(this.file.file, frame, false);
    }
    if (this.last?.i === i) return this.last.picture;
    const file = DicomFile.read(await this.files.read(i, inTurn), name);
    // What was read is nobody else's, and nobody asks this file for more.
    const picture = await sliceOf(file, frame, true);
    this.last = { i, picture };
    return picture;
  }
}

/** @param over see `DicomFile.frame` */
async function sliceOf(file: DicomFile, frame: number, over: boolean): Promise<VolumeSlice> {
  const picture = await file.frame(frame, over);
  if (picture.kind === 'colour') return picture;
  const { width, height, values, padded, inverted, facts } = picture;
  const { bitsStored, signed } = file.format;
  const most = 2 ** bitsStored;
  const range = isPlain(file.format, facts.modality)
    ? ([signed ? -most / 2 : 0, signed ? most / 2 - 1 : most - 1] as const)
    : null;
  return { kind: 'grey', width, height, values, padded, inverted, voi: facts.voi, range };
}

/** What all slices say; scanners of MR write a window of its own for each, and levels would not be the same from one to the next. */
function lookOf(slices: readonly SliceHeader[]): Look {
  const [{ colour, shown }, ...others] = slices;
  if (colour) return 'colour';
  const text = JSON.stringify(shown);
  if (others.some((one) => JSON.stringify(one.shown) !== text)) return 'different windows';
  return shown !== null && typeof shown === 'object' && 'table' in shown ? 'table' : shown;
}
