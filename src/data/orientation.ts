/**
 * The orientation of a picture as EXIF counts it: how the stored lines are to be turned and mirrored before they are shown.
 * 1 is as stored, 2 mirrored, 3 turned by 180°, 4 upside down, 5 transposed, 6 turned clockwise by 90°, 7 transposed about
 * the other diagonal, 8 turned counter-clockwise by 90°.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** A picture of any kind of samples. */
interface Turnable {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array | Int16Array | Float32Array;
}

/** The picture as it is to be shown. */
export function turned<T extends Turnable>(picture: T, orientation: Orientation): T {
  if (orientation === 1) return picture;
  const { width, height, channels, data } = picture;
  const [across, down] = orientation > 4 ? [height, width] : [width, height];
  const out = new (data.constructor as new (length: number) => T['data'])(data.length);
  for (let y = 0, to = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      let [column, row] = orientation > 4 ? [y, x] : [x, y];
      if (orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8) column = width - 1 - column;
      if (orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7) row = height - 1 - row;
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c];
    }
  }
  return { ...picture, width: across, height: down, data: out };
}

/** What a file says of its orientation, or null where it says nothing; nonsense is as nothing. The file itself is checked elsewhere. */
export function orientationOf(bytes: Uint8Array, format: 'png' | 'jpeg' | 'tiff' | 'bmp'): Orientation | null {
  if (format === 'tiff') return ofTiff(bytes);
  if (format === 'png') return ofPng(bytes);
  return format === 'jpeg' ? ofJpeg(bytes) : null;
}

/** The orientation in EXIF's data, which are the tags of a TIFF. */
function ofTiff(bytes: Uint8Array): Orientation | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 14) return null;
  const little = bytes[0] === 0x49;
  const at = view.getUint32(4, little);
  if (at + 2 > bytes.length) return null;
  const entries = view.getUint16(at, little);
  for (let i = 0, entry = at + 2; i < entries && entry + 12 <= bytes.length; i++, entry += 12) {
    if (view.getUint16(entry, little) !== 274) continue;
    const type = view.getUint16(entry + 2, little);
    const value =
      type === 3
        ? view.getUint16(entry + 8, little)
        : type === 4
          ? view.getUint32(entry + 8, little)
          : type === 1
            ? bytes[entry + 8]
            : 0;
    return value >= 1 && value <= 8 ? (value as Orientation) : null;
  }
  return null;
}

function ofPng(bytes: Uint8Array): Orientation | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = text(bytes, at + 4, 4);
    if (type === 'eXIf') return ofTiff(bytes.subarray(at + 8, at + 8 + length));
    if (type === 'IEND') return null;
    at += 12 + length;
  }
  return null;
}

function ofJpeg(bytes: Uint8Array): Orientation | null {
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    if (bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1];
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (marker === 0xda || length < 2) return null;
    if (marker === 0xe1 && text(bytes, at + 4, 6) === 'Exif\0\0')
      return ofTiff(bytes.subarray(at + 10, at + 2 + length));
    at += 2 + length;
  }
  return null;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
