import { BitReader, type HuffmanTable } from '../../data/jpeg/huffman.ts';
import { readSegments, type Tables } from '../../data/jpeg/segments.ts';

/** A component of a JPEG frame. */
export interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  readonly quantiser: number;
}

/** What the frame header says. */
export interface JpegFrame {
  /** 0xc0 baseline, 0xc1 extended, 0xc3 lossless. */
  readonly kind: number;
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** One scan: which components it holds, by which tables, and its bits. */
export interface Scan {
  /** Indices of components in the frame. */
  readonly components: readonly number[];
  readonly dc: readonly (HuffmanTable | undefined)[];
  readonly ac: readonly (HuffmanTable | undefined)[];
  /** Of lossless JPEG: the predictor. */
  readonly first: number;
  /** Of lossless JPEG: the point transform. */
  readonly shift: number;
  /** Row by row. */
  readonly quantisers: readonly (Int32Array | undefined)[];
  /** Data units between restarts, or 0. */
  readonly restart: number;
  readonly bits: BitReader;
}

/** A JPEG stream taken apart. */
export interface JpegStream {
  readonly frame: JpegFrame;
  readonly scans: readonly Scan[];
  /** The colour transform that an Adobe marker names, or null. */
  readonly adobe: number | null;
}

/**
 * Takes a JPEG stream apart: baseline, extended or lossless, in Huffman's code. Throws an `Error` that says what is wrong.
 * @param most pixels and components that the caller expects: a header that says more is broken
 */
export function readJpegStream(bytes: Uint8Array, most: number): JpegStream {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error('a frame does not begin as JPEG');
  const scans: Scan[] = [];
  const frames: JpegFrame[] = [];
  let adobe: number | null = null;
  readSegments(bytes, {
    frame(kind, data) {
      if (frames.length > 0) throw new Error('a JPEG stream has two frames');
      frames.push(readFrame(kind, data, most));
    },
    scan(data, at, tables) {
      const [frame] = frames;
      if (!frame) throw new Error('a JPEG stream has no frame header');
      if (scans.length > frame.components.length) throw new Error('a JPEG stream has too many scans');
      scans.push(readScan(data, frame, tables, new BitReader(bytes, at)));
      return at;
    },
    application(marker, data) {
      if (marker === 0xee && String.fromCharCode(...data.subarray(0, 5)) === 'Adobe') adobe = data[11] ?? null;
    },
  });
  const [frame] = frames;
  if (!frame || scans.length === 0) throw new Error('a JPEG stream holds no picture');
  return { frame, scans, adobe };
}

function readFrame(kind: number, data: Uint8Array, most: number): JpegFrame {
  if (![0xc0, 0xc1, 0xc3].includes(kind)) throw new Error('a JPEG stream is progressive or in arithmetic code');
  const count = data[5];
  if (data.length < 6 + 3 * count) throw new Error('a JPEG frame header is cut short');
  const components = Array.from({ length: count }, (_, i) => {
    const [id, sampling, quantiser] = data.subarray(6 + 3 * i);
    const [across, down] = [sampling >> 4, sampling & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4) throw new Error('a JPEG sampling factor is not 1 to 4');
    return { id, across, down, quantiser };
  });
  const height = (data[1] << 8) | data[2];
  const width = (data[3] << 8) | data[4];
  if (count < 1 || count > 3 || width * height * count > most) {
    throw new Error(`a JPEG stream says ${width}×${height}×${count} samples, unlike its file`);
  }
  const precision = data[0];
  if (kind === 0xc3 ? precision < 2 || precision > 16 : precision !== 8 && precision !== 12) {
    throw new Error(`a JPEG stream has ${precision} bits a sample`);
  }
  return { kind, precision, width, height, components };
}

function readScan(data: Uint8Array, frame: JpegFrame, tables: Tables, bits: BitReader): Scan {
  const count = data[0];
  if (count < 1 || count > frame.components.length || data.length < 1 + 2 * count + 3) {
    throw new Error('a JPEG scan header is broken');
  }
  const components: number[] = [];
  const dc: (HuffmanTable | undefined)[] = [];
  const ac: (HuffmanTable | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const index = frame.components.findIndex(({ id }) => id === data[1 + 2 * i]);
    if (index < 0 || components.includes(index)) throw new Error('a JPEG scan names a component that there is not');
    components.push(index);
    dc.push(tables.first[data[2 + 2 * i] >> 4]);
    ac.push(tables.others[data[2 + 2 * i] & 15]);
  }
  const quantisers = components.map((index) => tables.quantization[frame.components[index].quantiser]);
  return {
    ...{ components, dc, ac, quantisers, bits, restart: tables.restart },
    first: data[1 + 2 * count],
    shift: data[3 + 2 * count] & 15,
  };
}
