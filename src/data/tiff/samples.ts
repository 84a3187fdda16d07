/** What the numbers of a picture are. */
export interface Samples {
  readonly bits: number;
  /** TIFF's number: 1 whole, 2 whole with a sign, 3 floating-point. */
  readonly format: number;
  readonly little: boolean;
  /** 1 as they are, 2 differences of neighbours, 3 differences of the bytes of floating-point numbers. */
  readonly predictor: number;
}

/**
 * The numbers of one line of a strip or tile.
 * @param line its bytes, which may be changed
 * @param stride how many numbers a pixel has here
 * @param into as many numbers as the line has
 */
export function readLine(line: Uint8Array, samples: Samples, stride: number, into: Float64Array): void {
  const { bits, format, predictor } = samples;
  if (format === 3) {
    const little = predictor === 3 ? false : samples.little;
    readReal(predictor === 3 ? joined(line, bits / 8, stride) : line, bits, little, into);
    return;
  }
  readWhole(line, bits, samples.little, into);
  const many = 2 ** bits;
  if (predictor === 2) for (let i = stride; i < into.length; i++) into[i] = (into[i] + into[i - stride]) % many;
  if (format === 2) for (let i = 0; i < into.length; i++) if (into[i] >= many / 2) into[i] -= many;
}

function readReal(line: Uint8Array, bits: number, little: boolean, into: Float64Array): void {
  const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
  for (let i = 0; i < into.length; i++)
    into[i] = bits === 32 ? view.getFloat32(4 * i, little) : view.getFloat64(8 * i, little);
}

function readWhole(line: Uint8Array, bits: number, little: boolean, into: Float64Array): void {
  if (bits === 8) {
    for (let i = 0; i < into.length; i++) into[i] = line[i];
    return;
  }
  const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
  if (bits === 16) for (let i = 0; i < into.length; i++) into[i] = view.getUint16(2 * i, little);
  else if (bits === 32) for (let i = 0; i < into.length; i++) into[i] = view.getUint32(4 * i, little);
  else readBits(line, bits, into);
}

/** Numbers that lie bit by bit, from the highest on; a line begins with a byte. */
function readBits(line: Uint8Array, bits: number, into: Float64Array): void {
  let held = 0;
  let count = 0;
  for (let i = 0, at = 0; i < into.length; i++) {
    for (; count < bits; count += 8) held = ((held << 8) | line[at++]) & 0xffffff;
    count -= bits;
    into[i] = (held >> count) & ((1 << bits) - 1);
  }
}

/** The bytes of floating-point numbers, the highest first, of a line that has all highest bytes, then all second ones, as differences. */
function joined(line: Uint8Array, size: number, stride: number): Uint8Array {
  for (let i = stride; i < line.length; i++) line[i] = (line[i] + line[i - stride]) & 255;
  const count = line.length / size;
  const out = new Uint8Array(line.length);
  for (let i = 0, to = 0; i < count; i++) for (let byte = 0; byte < size; byte++) out[to++] = line[byte * count + i];
  return out;
}
