import type { JpegStream, Scan } from './jpeg_stream.ts';

/**
 * The samples [height, width, components] of a lossless JPEG stream (process 14): Huffman's code of the differences to one of
 * seven predictions. Throws an `Error` where the stream is broken or cut short.
 */
export function decodeLossless({ frame, scans }: JpegStream): Uint16Array<ArrayBuffer> {
  const { width, height, components } = frame;
  if (components.some(({ across, down }) => across !== components[0].across || down !== components[0].down)) {
    throw new Error('a lossless JPEG stream has components of different sizes');
  }
  const out = new Uint16Array(width * height * components.length);
  const seen = new Set<number>();
  for (const scan of scans) {
    decodeScan(scan, frame.precision, width, height, components.length, out);
    for (const index of scan.components) seen.add(index);
  }
  if (seen.size !== components.length) throw new Error('a JPEG stream lacks a component');
  return out;
}

function decodeScan(
  scan: Scan,
  precision: number,
  width: number,
  height: number,
  step: number,
  out: Uint16Array<ArrayBuffer>,
): void {
  const { components, first: predictor, shift, restart, bits } = scan;
  if (predictor < 1 || predictor > 7) throw new Error(`a lossless JPEG stream has predictor ${predictor}`);
  if (restart % width !== 0) throw new Error('a lossless JPEG stream restarts within a row');
  const tables = scan.dc.map((table) => {
    if (!table) throw new Error('a JPEG stream lacks a Huffman table');
    return table;
  });
  const rowsEach = restart ? restart / width : height;
  const start = 1 << (precision - shift - 1);
  const row = width * step;
  for (let i = 0, y = 0; y < height; i++) {
    if (i > 0) bits.restart((i - 1) & 7);
    const top = y;
    for (; y < Math.min(height, top + rowsEach); y++) {
      for (let x = 0; x < width; x++) {
        for (let k = 0; k < components.length; k++) {
          const at = y * row + x * step + components[k];
          const size = bits.symbol(tables[k]);
          if (size > 16) throw new Error('a lossless JPEG stream holds a difference of too many bits');
          const difference = size === 16 ? 32768 : bits.signed(size);
          let guess: number;
          if (y === top) guess = x === 0 ? start : out[at - step];
          else if (x === 0) guess = out[at - row];
          else guess = predict(predictor, out[at - step], out[at - row], out[at - row - step]);
          out[at] = guess + difference;
        }
      }
      bits.check();
    }
  }
  if (shift) for (const c of components) for (let at = c; at < out.length; at += step) out[at] <<= shift;
}

/** Left, above, and above left. */
function predict(predictor: number, a: number, b: number, c: number): number {
  switch (predictor) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
}
