/** Bytes of markers' contents that decoders need, by how these begin; of all else in them none is needed. */
const NEEDED: readonly (readonly [marker: number, start: string, length: number])[] = [
  [0xe0, 'JFIF\0', 12],
  [0xee, 'Adobe', 12],
  [0xe8, 'mrfx', 5],
  [0xe8, 'SPIFF\0', 30],
];

/**
 * Writes zeros over what programs have left for people in streams of JPEG and JPEG-LS, one or several after the other: comments, what belongs
 * to applications, thumbnails, and whatever lies between and behind the streams. Lengths stay, and so do pictures.
 * @param frames how many there are; what looks like another one behind them goes too
 * @returns whether all of it was understood
 */
export function blankJpegComments(bytes: Uint8Array, frames: number): boolean {
  return eachStream(bytes, 0xd8, frames, (from) => {
    for (let at = from + 2; at + 1 < bytes.length; ) {
      if (bytes[at] !== 0xff) return null;
      const marker = bytes[at + 1];
      if (marker === 0xd9) return at + 2;
      if (marker === 0xff) {
        at++;
        continue;
      }
      const end = at + 2 + word(bytes, at + 2);
      if (!(end > at + 3 && end <= bytes.length)) return null;
      if (marker === 0xfe || (marker & 0xf0) === 0xe0) blankContent(bytes.subarray(at + 4, end), marker);
      at = marker === 0xda ? nextMarker(bytes, end) : end;
    }
    return bytes.length;
  });
}

/** As {@link blankJpegComments}, of JPEG 2000: the comments of main headers and of tiles, and boxes around a code stream that are of no use to it. */
export function blankJpeg2000Comments(bytes: Uint8Array, frames: number): boolean {
  if (textAt(bytes, 4) === 'jP  ') return frames === 1 && blankBoxes(bytes);
  return eachStream(bytes, 0x4f, frames, (from) => {
    let tileEnd = 0;
    for (let at = from + 2; at + 1 < bytes.length; ) {
      if (bytes[at] !== 0xff) return null;
      const marker = bytes[at + 1];
      if (marker === 0xd9) return at + 2;
      if (marker === 0x93) {
        at = tileEnd;
        continue;
      }
      const end = at + 2 + word(bytes, at + 2);
      if (!(end > at + 3 && end <= bytes.length)) return null;
      if (marker === 0x64) bytes.fill(0, at + 6, end);
      if (marker === 0x90) {
        const length = 65536 * word(bytes, at + 6) + word(bytes, at + 8);
        // A last tile may leave its length open.
        tileEnd = length > 0 ? at + length : lastMarker(bytes, 0xd9);
        if (tileEnd < end) return null;
      }
      at = end;
    }
    return bytes.length;
  });
}

/** Boxes that a decoder reads. */
const BOXES = ['jP  ', 'ftyp', 'jp2h', 'jp2c'];

function blankBoxes(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const length = 65536 * word(bytes, at) + word(bytes, at + 2);
    const end = length === 0 ? bytes.length : at + length;
    // Of a length in eight bytes there is none in earnest.
    if (length === 1 || end < at + 8 || end > bytes.length) return false;
    const type = textAt(bytes, at + 4);
    const content = bytes.subarray(at + 8, end);
    if (!BOXES.includes(type)) content.fill(0);
    if (type === 'jp2c' && !blankJpeg2000Comments(content, 1)) return false;
    at = end;
  }
  return true;
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** @param read reads a stream from its first byte on and gives the index behind it, or null for one that is none */
function eachStream(bytes: Uint8Array, start: number, frames: number, read: (from: number) => number | null): boolean {
  let streams = 0;
  for (let at = 0; at < bytes.length; ) {
    if (streams === frames || bytes[at] !== 0xff || bytes[at + 1] !== start) {
      bytes[at++] = 0;
      continue;
    }
    const end = read(at);
    if (end === null) return false;
    at = end;
    streams++;
  }
  return streams === frames;
}

function blankContent(content: Uint8Array, marker: number): void {
  const text = String.fromCharCode(...content.subarray(0, 6));
  const needed = NEEDED.find(([of, start]) => of === marker && text.startsWith(start));
  content.fill(0, needed?.[2] ?? 0);
}

/** Where the next marker begins that is no restart; bits hold none. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    const next = bytes[at + 1];
    if (bytes[at] === 0xff && next >= 0x80 && next !== 0xff && (next & 0xf8) !== 0xd0) return at;
  }
  return bytes.length;
}

function lastMarker(bytes: Uint8Array, marker: number): number {
  for (let at = bytes.length - 2; at > 0; at--) if (bytes[at] === 0xff && bytes[at + 1] === marker) return at;
  return bytes.length;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}
