import { encodePng16 } from './encode.ts';
import { rangeOf, type ScoreMap } from './heat_map.ts';

/**
 * A score map as a 16-bit grey PNG: `range` (default: the map's own lowest and highest score) becomes 0…65535, rounded.
 * The range is not in the file; keep it beside it.
 */
export function encodeMapPng(map: ScoreMap, range: readonly [number, number] = rangeOf(map.data)): Uint8Array {
  const scale = range[1] > range[0] ? 65535 / (range[1] - range[0]) : 0;
  const levels = Uint16Array.from(map.data, (score) =>
    Math.round(Math.min(65535, Math.max(0, (score - range[0]) * scale))),
  );
  return encodePng16(map.width, map.height, levels);
}

/** A float32 array as a NumPy file (format 1.0, little-endian, C order): `numpy.load` gives the same bits back. */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  if (shape.reduce((a, b) => a * b, 1) !== data.length) {
    throw new RangeError(`${data.length} numbers do not fill the shape [${shape.join(', ')}]`);
  }
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${axes}), }`;
  // Magic, version and length take 10 bytes; the header is padded so that the data begin at a multiple of 64.
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const out = new Uint8Array(10 + header.length + 4 * data.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(out.buffer);
  view.setUint16(8, header.length, true);
  out.set(new TextEncoder().encode(header), 10);
  for (let i = 0; i < data.length; i++) view.setFloat32(10 + header.length + 4 * i, data[i], true);
  return out;
}
