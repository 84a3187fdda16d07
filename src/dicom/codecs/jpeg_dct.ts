import { cos } from '../../base/elementary.ts';
import type { BitReader } from '../../data/jpeg/huffman.ts';
import { ZIGZAG } from '../../data/jpeg/zigzag.ts';
import type { JpegStream, Scan } from './jpeg_stream.ts';

/** `BASIS[8 x + u]`: cosine of frequency `u` at place `x`, scaled so that two passes make the inverse transform. */
const BASIS = Float64Array.from({ length: 64 }, (_, i) => {
  const [x, u] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** A plane of whole blocks. */
interface Plane {
  readonly data: Uint16Array;
  readonly blocksAcross: number;
  readonly blocksDown: number;
}

/**
 * The samples [height, width, components] of an extended JPEG stream of 12 bits, brought to one size by repeating samples. The inverse transform is exact and rounded once, so
 * it is within a level of every codec that keeps to the standard. Throws an `Error` where the stream is broken or cut short.
 */
export function decodeDct({ frame, scans }: JpegStream): Uint16Array<ArrayBuffer> {
  const { width, height, components } = frame;
  const most = { across: 0, down: 0 };
  for (const { across, down } of components) {
    most.across = Math.max(most.across, across);
    most.down = Math.max(most.down, down);
  }
  const unitsAcross = Math.ceil(width / (8 * most.across));
  const unitsDown = Math.ceil(height / (8 * most.down));
  const planes: Plane[] = components.map(({ across, down }) => {
    const [blocksAcross, blocksDown] = [unitsAcross * across, unitsDown * down];
    return { data: new Uint16Array(64 * blocksAcross * blocksDown), blocksAcross, blocksDown };
  });
  const seen = new Set<number>();
  for (const scan of scans) {
    const alone = scan.components.length === 1;
    const { across, down } = components[scan.components[0]];
    // A component by itself has no blocks beyond its edge.
    const grid = alone
      ? [Math.ceil((width * across) / (8 * most.across)), Math.ceil((height * down) / (8 * most.down))]
      : [unitsAcross, unitsDown];
    decodeScan(scan, frame, planes, grid as [number, number]);
    for (const index of scan.components) seen.add(index);
  }
  if (seen.size !== components.length) throw new Error('a JPEG stream lacks a component');
  const step = components.length;
  const data = new Uint16Array(width * height * step);
  for (const [c, { across, down }] of components.entries()) {
    const { data: from, blocksAcross } = planes[c];
    const columns = Uint32Array.from({ length: width }, (_, x) => Math.floor((x * across) / most.across));
    for (let y = 0, to = c; y < height; y++) {
      const row = Math.floor((y * down) / most.down) * 8 * blocksAcross;
      for (let x = 0; x < width; x++, to += step) data[to] = from[row + columns[x]];
    }
  }
  return data;
}

function decodeScan(
  scan: Scan,
  { components, precision }: JpegStream['frame'],
  planes: readonly Plane[],
  [across, down]: [number, number],
): void {
  const alone = scan.components.length === 1;
  const parts = scan.components.map((index, k) => {
    const [dc, ac, quantiser] = [scan.dc[k], scan.ac[k], scan.quantisers[k]];
    if (!dc || !ac || !quantiser) throw new Error('a JPEG stream lacks a table');
    const plane = planes[index];
    const size = alone ? { across: 1, down: 1 } : components[index];
    return { dc, ac, quantiser, plane, across: size.across, down: size.down, last: 0 };
  });
  const block = new Int32Array(64);
  const units = across * down;
  const { bits, restart } = scan;
  for (let unit = 0; unit < units; unit++) {
    if (restart > 0 && unit > 0 && unit % restart === 0) {
      bits.restart((unit / restart - 1) & 7);
      for (const part of parts) part.last = 0;
    }
    const [ux, uy] = [unit % across, Math.floor(unit / across)];
    for (const part of parts) {
      for (let v = 0; v < part.down; v++) {
        for (let h = 0; h < part.across; h++) {
          part.last = readBlock(bits, part, block, part.last);
          const [bx, by] = [ux * part.across + h, uy * part.down + v];
          const { data, blocksAcross } = part.plane;
          inverse(block, data, 64 * by * blocksAcross + 8 * bx, 8 * blocksAcross, precision);
        }
      }
    }
    bits.check();
  }
}

function readBlock(
  reader: BitReader,
  { dc, ac, quantiser }: { dc: NonNullable<Scan['dc'][0]>; ac: NonNullable<Scan['ac'][0]>; quantiser: Int32Array },
  block: Int32Array,
  last: number,
): number {
  block.fill(0);
  const size = reader.symbol(dc);
  if (size > 16) throw new Error('a JPEG stream holds a difference of too many bits');
  const value = last + reader.signed(size);
  block[0] = value * quantiser[0];
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac);
    const [run, bits] = [symbol >> 4, symbol & 15];
    if (bits === 0) {
      if (run !== 15) break;
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) throw new Error('a JPEG block has more than 64 coefficients');
    block[ZIGZAG[k]] = reader.signed(bits) * quantiser[ZIGZAG[k]];
  }
  return value;
}

const rows = new Float64Array(64);

/** The inverse cosine transform of a block, moved up by half the range, rounded and clipped. */
function inverse(block: Int32Array, out: Uint16Array, at: number, stride: number, precision: number): void {
  const half = 1 << (precision - 1);
  const most = (1 << precision) - 1;
  for (let v = 0; v < 8; v++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < 8; u++) sum += block[8 * v + u] * BASIS[8 * x + u];
      rows[8 * v + x] = sum;
    }
  }
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      let sum = half + 0.5;
      for (let v = 0; v < 8; v++) sum += rows[8 * v + x] * BASIS[8 * y + v];
      out[at + y * stride + x] = sum < 0 ? 0 : sum > most ? most : Math.floor(sum);
    }
  }
}
