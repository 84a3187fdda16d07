import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import type { Affine } from '../nifti/affine.ts';
import { NiftiFile } from '../nifti/nifti_file.ts';
import { Held } from './held.ts';
import type { Look, Volume, VolumeSlice } from './volume.ts';

/** One volume of a NIfTI file. */
export class NiftiVolume implements Volume {
  readonly name: string;
  readonly patient: string;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  readonly placed = true;
  readonly modality = '';
  readonly scanner = null;
  readonly bodyPart = '';
  readonly bits = null;
  readonly look: Look;
  /** Which one it is of how many in its file. */
  readonly among: readonly [index: number, count: number];
  private readonly file: NiftiFile;
  private readonly index: number;
  private readonly held: Held;
  private readonly forget: () => void;

  private constructor(file: NiftiFile, index: number, names: { name: string; patient: string }, held: Held) {
    this.file = file;
    this.index = index;
    this.among = [index, file.volumes];
    this.held = held;
    this.forget = () => file.forget();
    this.name = names.name;
    this.patient = names.patient;
    const [columns, rows, slices] = file.header.shape;
    this.shape = [columns, rows, slices];
    this.affine = file.header.affine;
    const { kind, slope, intercept } = file.header;
    this.look = kind === 'u8' && slope === 1 && intercept === 0 ? '8 bits' : null;
  }

  /**
   * Opens a file. One of several volumes (over time, directions, …) has to be chosen.
   * @param chosen which, from 0 on (`--volume`); null where nothing was said
   * @param held what is held of it beside others
   * @throws FusionclipError `usage` where it has to be said, or there is no such volume; `bad_image`, `io`
   */
  static async open(
    fs: FileSystem,
    path: string,
    names: { name: string; patient: string },
    chosen: number | null = null,
    held = new Held(),
  ): Promise<NiftiVolume> {
    const file = await NiftiFile.open(fs, path);
    const { volumes } = file;
    if (volumes > 1 && chosen === null) {
      throw new FusionclipError(
        'usage',
        `${names.name} holds ${volumes} volumes; say which with --volume 0 … ${volumes - 1}.`,
        { volumes },
      );
    }
    // Of one alone, as masks are beside images of several, nothing is chosen.
    const index = volumes > 1 && chosen !== null ? chosen : 0;
    if (!(Number.isInteger(index) && index >= 0 && index < volumes)) {
      throw new FusionclipError(
        'usage',
        `${names.name} holds ${volumes} volumes, and none of number ${index}; they count from 0.`,
      );
    }
    return new NiftiVolume(file, index, names, held);
  }

  /** @throws FusionclipError `bad_image`, `io` */
  async slice(k: number): Promise<VolumeSlice> {
    const [width, height] = this.shape;
    this.held.by(this.name, this.forget);
    const values = await this.file.slice(k, this.index);
    const range = this.look === '8 bits' ? ([0, 255] as const) : null;
    return { kind: 'grey', width, height, values, padded: null, inverted: false, voi: null, range };
  }
}
