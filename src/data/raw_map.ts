import { decode } from 'fast-png';
import { FusionclipError } from '../base/errors.ts';
import { rangeOf, type ScoreMap } from './heat_map.ts';
import { encodePng16 } from './png.ts';

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

/**
 * The map that {@link encodeMapPng} was given, to within half a level of 65,535; `range` is that of the encoding.
 * @param name for messages
 * @throws FusionclipError `bad_image`
 */
export function decodeMapPng(bytes: Uint8Array, range: readonly [number, number], name: string): ScoreMap {
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes);
  } catch (cause) {
    throw noMap(name, cause);
  }
  if (png.depth !== 16 || png.channels !== 1) throw noMap(name);
  const [low, high] = range;
  const { width, height, data } = png;
  return { width, height, data: Float32Array.from(data, (level) => low + ((high - low) * level) / 65535) };
}

/**
 * The map that {@link encodeNpy} was given as [height, width].
 * @param name for messages
 * @throws FusionclipError `bad_image`
 */
export function decodeNpyMap(bytes: Uint8Array, name: string): ScoreMap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 10 ? 10 : 10 + view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(0, start));
  const found = /^.NUMPY.*'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/s.exec(header);
  const [height, width] = found ? [Number(found[1]), Number(found[2])] : [0, 0];
  if (width * height === 0 || bytes.length !== start + 4 * width * height) throw noMap(name);
  const data = Float32Array.from({ length: width * height }, (_, i) => view.getFloat32(start + 4 * i, true));
  return { width, height, data };
}

function noMap(name: string, cause?: unknown): FusionclipError {
  return new FusionclipError('bad_image', `${name} is no map of fusionclip or is damaged; write it again.`, { cause });
}
