import { FusionclipError } from '../base/errors.ts';
import type { Decoded } from './codecs/decoded.ts';
import { rgbOf } from './colour.ts';
import type { DataSet } from './data_set.ts';
import { decodeFrame } from './decode.ts';
import { type FramePlace, type FrameValues, framePlace, frameValues } from './frame_facts.ts';
import { FrameReader } from './frames.ts';
import { inPadding, modalityValues } from './modality.ts';
import { readPart10 } from './part10.ts';
import { type PixelFormat, pixelFormat } from './pixel_format.ts';
import { isShort, shortFrame } from './short_frame.ts';
import type { TransferSyntax } from './syntaxes.ts';
import type { Samples } from './unpack.ts';
import { UnreadDicom } from './unread.ts';

/** A frame in numbers. */
export type DicomFrame = { readonly width: number; readonly height: number } & (
  | {
      readonly kind: 'grey';
      /** Modality values [height, width] (Hounsfield units, for one), not rounded; to be read only, they may lie in the file's bytes. */
      readonly values: Samples;
      /** 1 where the file says that there is no picture, or null where it says nothing of that. */
      readonly padded: Uint8Array<ArrayBuffer> | null;
      /** Whether low values are to be shown bright. */
      readonly inverted: boolean;
      /** What the file says about how values are shown. */
      readonly facts: FrameValues;
    }
  | {
      readonly kind: 'colour';
      /** RGB [height, width, 3] */
      readonly rgb: Uint8Array<ArrayBuffer>;
    }
);

/**
 * A DICOM file. Messages of its errors name the file as the caller does and the tag that is wrong, and never a value of it.
 * Frames are decoded when they are asked for.
 */
export class DicomFile {
  private reader: FrameReader | null = null;
  private pixels: PixelFormat | null = null;

  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
  private readonly name: string;

  private constructor(dataSet: DataSet, syntax: TransferSyntax, name: string) {
    this.dataSet = dataSet;
    this.syntax = syntax;
    this.name = name;
  }

  /**
   * Reads the elements of a file: Part 10, or a bare data set. Pixels stay in `bytes`.
   * @param name for messages
   * @throws FusionclipError `bad_image`
   */
  static read(bytes: Uint8Array, name: string): DicomFile {
    return guarded(name, () => {
      // Of a kind whose methods are known: those of Node's buffers with the same names do something else.
      const { dataSet, syntax } = readPart10(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
      return new DicomFile(dataSet, syntax, name);
    });
  }

  /** Whether it holds pixels: a report or a plan does not. */
  get hasPixels(): boolean {
    return (['pixels', 'floatPixels', 'doublePixels'] as const).some((name) => this.dataSet.element(name));
  }

  /** How its pixels lie. @throws FusionclipError `bad_image` where it has none, or of a kind that is not read */
  get format(): PixelFormat {
    this.pixels ??= guarded(this.name, () => pixelFormat(this.dataSet, this.syntax));
    return this.pixels;
  }

  /** Where frame `index` lies. @throws FusionclipError `bad_image` where what should be a number is none */
  place(index = 0): FramePlace {
    return guarded(this.name, () => framePlace(this.dataSet, index));
  }

  /** Rescale, windows and padding of frame `index`. @throws FusionclipError `bad_image` */
  values(index = 0): FrameValues {
    const { format } = this;
    return guarded(this.name, () => frameValues(this.dataSet, index, format));
  }

  /** Calls `read` with the data set, and says of what fails there that it is this file's. @throws FusionclipError `bad_image` */
  facts<T>(read: (dataSet: DataSet) => T): T {
    return guarded(this.name, () => read(this.dataSet));
  }

  /** The stored values of frame `index`, colours pixel by pixel; to be read only, they may lie in the file's bytes. @throws FusionclipError `bad_image` */
  async stored(index = 0): Promise<Decoded> {
    const { format } = this;
    try {
      return await decodeFrame(this.bytes(index), format, index);
    } catch (cause) {
      throw failure(this.name, cause);
    }
  }

  private bytes(index: number): Uint8Array {
    this.reader ??= new FrameReader(this.dataSet, this.format);
    return this.reader.read(index);
  }

  /**
   * Frame `index` in modality values or in colours.
   * @param over whether its values may be written over the bytes of the file, of which nothing more is asked then
   * @throws FusionclipError `bad_image`
   */
  async frame(index = 0, over = false): Promise<DicomFrame> {
    const { format } = this;
    const { columns: width, rows: height, photometric: stated } = format;
    if (isShort(format)) {
      const bytes = guarded(this.name, () => this.bytes(index));
      const facts = this.values(index);
      const short = shortFrame(bytes, format, facts, over);
      if (short) return { kind: 'grey', width, height, ...short, inverted: stated === 'MONOCHROME1', facts };
    }
    const decoded = await this.stored(index);
    const rgb = guarded(this.name, () => rgbOf(decoded, format, this.dataSet));
    if (rgb) return { kind: 'colour', width, height, rgb };
    const facts = this.values(index);
    const { data, photometric } = decoded;
    return {
      kind: 'grey',
      width,
      height,
      values: modalityValues(data, facts.modality, format),
      padded: facts.padding && inPadding(data, facts.padding),
      inverted: photometric === 'MONOCHROME1',
      facts,
    };
  }
}

function guarded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw failure(name, cause);
  }
}

function failure(name: string, cause: unknown): FusionclipError {
  if (cause instanceof FusionclipError) return cause;
  if (cause instanceof UnreadDicom) {
    const message = `${name}: this kind of DICOM file is not read (${cause.message}); convert it with another program.`;
    return new FusionclipError('bad_image', message, { cause });
  }
  // Our own checks throw plain errors; others come of following nonsense, and their words would say nothing.
  const reason = cause instanceof Error && cause.name === 'Error' ? cause.message : 'its data contradict themselves';
  const message = `${name}: this DICOM file is damaged (${reason}); export it again from its source or leave it out.`;
  return new FusionclipError('bad_image', message, { cause });
}
