import type { Image } from './image.ts';
import { tooLarge, UnreadPicture } from './unread.ts';

/**
 * The picture of a BMP file: 1, 4 or 8 bits with a palette, 24 bits, or 32 bits with or without alpha, uncompressed, from
 * the bottom up or from the top down. A palette of greys gives one channel.
 *
 * By hand, since of the packages one takes palettes for grey values and lines from the top for billions of lines, and the
 * others want Node's buffers.
 *
 * Throws an `Error` that says what is wrong, `UnreadPicture` for other kinds of BMP.
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): Image {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 54) throw new Error('the file is truncated');
  const header = view.getUint32(14, true);
  if (header < 40) throw new UnreadPicture(`its header is of an old kind (${header} bytes)`);
  const width = view.getInt32(18, true);
  const lines = view.getInt32(22, true);
  const height = Math.abs(lines);
  if (width <= 0 || height === 0) throw new Error(`it is ${width}×${height} pixels`);
  if (width * height > maxPixels) throw tooLarge(width, height);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  const masked = compression === 3 || compression === 6;
  if (compression !== 0 && !masked) throw new UnreadPicture(`it is compressed (kind ${compression})`);
  if (![1, 4, 8, 24, 32].includes(bits) || (masked && bits !== 32))
    throw new UnreadPicture(`it has ${bits} bits a pixel`);
  const start = view.getUint32(10, true);
  // Each line begins at a multiple of four bytes.
  const stride = 4 * Math.ceil((width * bits) / 32);
  if (start + stride * height > bytes.length) throw new Error('the file is truncated');
  const line = (y: number) => start + stride * (lines > 0 ? height - 1 - y : y);
  if (bits <= 8) {
    const most = 1 << bits;
    const colours = Math.min(most, view.getUint32(46, true) || most);
    const table = 14 + header;
    if (table + 4 * colours > bytes.length) throw new Error('the file is truncated');
    const grey = Array.from({ length: colours }, (_, i) => bytes.subarray(table + 4 * i, table + 4 * i + 3)).every(
      ([b, g, r]) => b === g && g === r,
    );
    const channels = grey ? 1 : 3;
    const data = new Uint8Array(width * height * channels);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = x * bits;
        const index = (bytes[line(y) + (at >> 3)] >> (8 - bits - (at & 7))) & (most - 1);
        if (index >= colours) throw new Error(`a pixel has colour ${index}, past the end of the palette`);
        for (let c = 0; c < channels; c++) data[to++] = bytes[table + 4 * index + 2 - c];
      }
    }
    return { width, height, channels, data };
  }
  const order = masked ? maskOrder(view, header) : { rgb: [2, 1, 0], alpha: 3 };
  const step = bits / 8;
  const rgba = new Uint8Array(width * height * 4).fill(255);
  let alpha = false;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, at = line(y); x < width; x++, at += step, to += 4) {
      for (let c = 0; c < 3; c++) rgba[to + c] = bytes[at + order.rgb[c]];
      if (step === 4 && order.alpha !== null) rgba[to + 3] = bytes[at + order.alpha];
      alpha ||= step === 4 && order.alpha !== null && rgba[to + 3] > 0;
    }
  }
  if (alpha) return { width, height, channels: 4, data: rgba };
  // Programs that know no alpha leave its byte at 0.
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, channels: 3, data: rgb };
}

/** Behind the lines of a picture that is read, and behind its colour profile, where its header has one. */
export function endOfBmp(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stride = 4 * Math.ceil((view.getInt32(18, true) * view.getUint16(28, true)) / 32);
  const picture = view.getUint32(10, true) + stride * Math.abs(view.getInt32(22, true));
  const profile = view.getUint32(14, true) < 124 ? 0 : 14 + view.getUint32(126, true) + view.getUint32(130, true);
  return Math.max(picture, profile);
}

/** Which byte of a pixel is which colour; `null` for no alpha. */
function maskOrder(view: DataView, header: number): { rgb: number[]; alpha: number | null } {
  const byte = (at: number): number | null => {
    const mask = at + 4 <= view.byteLength ? view.getUint32(at, true) : 0;
    const place = [0xff, 0xff00, 0xff0000, 0xff000000].indexOf(mask);
    if (mask !== 0 && place < 0) throw new UnreadPicture('its colours have other than 8 bits');
    return mask === 0 ? null : place;
  };
  const rgb = [54, 58, 62].map(byte);
  if (rgb.includes(null)) throw new Error('it does not say where its colours are');
  return { rgb: rgb as number[], alpha: header >= 56 ? byte(66) : null };
}
