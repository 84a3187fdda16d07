import type { DataSet } from './data_set.ts';
import type { TransferSyntax } from './syntaxes.ts';
import { UnreadDicom } from './unread.ts';

/** Samples of all frames may be this many: what is larger does not fit into one array. */
const MOST_SAMPLES = 2 ** 31;

/** How pixels lie in a file, as its header says it. */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  /** 1, or 3 for colours. */
  readonly samples: number;
  /** MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB, YBR_FULL, … */
  readonly photometric: string;
  /** Colours one plane after the other, not pixel by pixel. */
  readonly planar: boolean;
  /** 1, 8, 16, 32 or 64. */
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Floating-point pixels, which have an element of their own. */
  readonly float: boolean;
  readonly syntax: TransferSyntax;
}

/**
 * Reads and checks what a header says of its pixels. Throws an `Error` where it contradicts itself, `UnreadDicom` for an
 * object without pixels and for kinds that are not read.
 */
export function pixelFormat(dataSet: DataSet, syntax: TransferSyntax): PixelFormat {
  const float = !dataSet.element('pixels') && (dataSet.element('floatPixels') ?? dataSet.element('doublePixels'));
  if (!float && !dataSet.element('pixels')) throw new UnreadDicom('it holds no pixels');
  const rows = dataSet.number('rows', 0);
  const columns = dataSet.number('columns', 0);
  if (rows < 1 || columns < 1) throw new Error(`it is ${columns}×${rows} pixels`);
  const bitsAllocated = dataSet.number('bitsAllocated', 0);
  if (![1, 8, 16, 32, 64].includes(bitsAllocated)) throw new UnreadDicom(`its samples take ${bitsAllocated} bits`);
  if (bitsAllocated === 64 && !float) throw new UnreadDicom('its samples are integers of 64 bits');
  const bitsStored = float ? bitsAllocated : dataSet.number('bitsStored', bitsAllocated);
  const highBit = float ? bitsAllocated - 1 : dataSet.number('highBit', bitsStored - 1);
  if (bitsStored < 1 || bitsStored > bitsAllocated) throw new Error(`it stores ${bitsStored} of ${bitsAllocated} bits`);
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    throw new Error(`its high bit is ${highBit}, of ${bitsStored} bits in ${bitsAllocated}`);
  }
  const samples = dataSet.number('samples', 1);
  if (samples !== 1 && samples !== 3) throw new UnreadDicom(`it has ${samples} samples a pixel`);
  if (samples === 3 && bitsAllocated === 1) throw new Error('its colours have one bit');
  const frames = Math.max(1, dataSet.number('frames', 1));
  if (!Number.isInteger(frames)) throw new Error('its number of frames is no whole number');
  if (rows * columns * samples > MOST_SAMPLES) throw new UnreadDicom(`it is ${columns}×${rows} pixels, too many`);
  return {
    rows,
    columns,
    frames,
    samples,
    photometric: dataSet.string('photometric').toUpperCase() || (samples === 3 ? 'RGB' : 'MONOCHROME2'),
    planar: samples > 1 && dataSet.number('planar', 0) === 1,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: !float && dataSet.number('representation', 0) === 1,
    float: Boolean(float),
    syntax,
  };
}
