import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { gunzipStart, isGzip } from './gunzip.ts';
import { HEADER_BYTES, KIND_BYTES, type NiftiHeader, parseHeader, UnreadNifti } from './header.ts';
import { type Stored, scaledValues, storedNumbers } from './numbers.ts';

/** Bytes of one volume that are held: more does not fit into one array. */
const MOST_BYTES = 2 ** 32;

/**
 * A NIfTI file, packed or not, alone or with its numbers in an .img beside it. The numbers of one volume are held as they are
 * stored; those of a file that is not packed are read slice by slice where that is possible.
 */
export class NiftiFile {
  private readonly fs: FileSystem;
  private readonly path: string;
  /** Where the numbers lie. */
  private readonly data: string;
  private held: { readonly volume: number; readonly stored: Stored } | null = null;
  private readonly packed: boolean;
  readonly header: NiftiHeader;

  private constructor(fs: FileSystem, path: string, data: string, packed: boolean, header: NiftiHeader) {
    this.fs = fs;
    this.path = path;
    this.data = data;
    this.packed = packed;
    this.header = header;
  }

  /**
   * Reads the header; of a pair, `path` may be that of either.
   * @throws FusionclipError `bad_image`, `io`
   */
  static async open(fs: FileSystem, path: string): Promise<NiftiFile> {
    const headerPath = path.replace(/\.img(\.gz)?$/i, (all, gz = '') => (all.startsWith('.I') ? '.HDR' : '.hdr') + gz);
    try {
      let head = await fs.readRange(headerPath, 0, HEADER_BYTES);
      const packed = isGzip(head);
      if (packed) head = gunzipStart(await fs.readFile(headerPath), HEADER_BYTES);
      const header = parseHeader(head);
      if (header.single) return new NiftiFile(fs, path, headerPath, packed, header);
      const data = await imageOf(fs, headerPath);
      // Numbers may begin with any bytes: the name alone tells.
      return new NiftiFile(fs, path, data, /\.gz$/i.test(data), header);
    } catch (cause) {
      throw failure(path, cause);
    }
  }

  /** Volumes that it holds: those over time, directions and whatever else the further dimensions are. */
  get volumes(): number {
    return this.header.shape.slice(3).reduce((product, one) => product * one, 1);
  }

  /**
   * The values [rows, columns] of slice `k` of a volume: columns run along the first axis, rows along the second.
   * @throws FusionclipError `bad_image` where the file is cut short, `io`
   */
  async slice(k: number, volume = 0): Promise<Float64Array<ArrayBuffer>> {
    const { shape, kind, offset, littleEndian } = this.header;
    const count = shape[0] * shape[1];
    // Memory is taken when what is to fill it is there: a broken header may ask for any amount.
    if (this.packed || this.held?.volume === volume) {
      const stored = await this.stored(volume);
      const out = new Float64Array(count);
      scaledValues(stored, this.header, out, k * count);
      return out;
    }
    const size = count * KIND_BYTES[kind];
    let numbers: Stored;
    try {
      const bytes = await this.range(offset + (volume * shape[2] + k) * size, size);
      numbers = storedNumbers(bytes, kind, littleEndian);
    } catch (cause) {
      throw failure(this.path, cause);
    }
    const out = new Float64Array(count);
    scaledValues(numbers, this.header, out);
    return out;
  }

  /** Lets go of the numbers that are held. */
  forget(): void {
    this.held = null;
  }

  /** Bytes that must all be there. */
  private async range(at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const file = await this.fs.stat(this.data);
    if (!file || at + length > file.bytes) throw new Error('the file is truncated');
    return this.fs.readRange(this.data, at, length);
  }

  /**
   * The numbers of a volume as they are stored, the first axis the fastest. One volume is held at a time.
   * @throws FusionclipError `bad_image` where the file is cut short, `io`
   */
  async stored(volume = 0): Promise<Stored> {
    if (this.held?.volume === volume) return this.held.stored;
    this.held = null;
    const { shape, kind, offset, littleEndian } = this.header;
    const size = shape[0] * shape[1] * shape[2] * KIND_BYTES[kind];
    try {
      if (size > MOST_BYTES) throw new UnreadNifti('a volume of it is larger than 4 GB');
      const at = offset + volume * size;
      const bytes = this.packed
        ? gunzipStart(await this.fs.readFile(this.data), at + size).subarray(at)
        : await this.range(at, size);
      if (bytes.length < size) throw new Error('the file is truncated');
      this.held = { volume, stored: storedNumbers(bytes, kind, littleEndian) };
    } catch (cause) {
      throw failure(this.path, cause);
    }
    return this.held.stored;
  }
}

/** The file with the numbers of a header by itself. */
async function imageOf(fs: FileSystem, path: string): Promise<string> {
  const base = path.replace(/\.hdr(\.gz)?$/i, '');
  for (const end of ['.img', '.img.gz', '.IMG', '.IMG.GZ']) if (await fs.stat(base + end)) return base + end;
  throw new Error('the .img file with its numbers is not beside it');
}

function failure(path: string, cause: unknown): FusionclipError {
  if (cause instanceof FusionclipError) return cause;
  if (cause instanceof UnreadNifti) {
    const message = `${path}: this kind of NIfTI file is not read (${cause.message}); convert it with another program.`;
    return new FusionclipError('bad_image', message, { cause });
  }
  const reason = cause instanceof Error && cause.name === 'Error' ? cause.message : 'its data contradict themselves';
  const message = `${path}: this NIfTI file is damaged (${reason}); copy it again from its source or leave it out.`;
  return new FusionclipError('bad_image', message, { cause });
}
