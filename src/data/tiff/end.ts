import { Page, readPages, TAG } from './directory.ts';

/** Tags that say where further directories lie. */
const POINTERS = [TAG.subDirectories, TAG.exif, TAG.gps, TAG.interoperability] as const;

/** Tags that say where pieces lie, and how many bytes each has. */
const PIECES = [
  [TAG.stripOffsets, TAG.stripBytes],
  [TAG.tileOffsets, TAG.tileBytes],
  [TAG.thumbnail, TAG.thumbnailBytes],
] as const;

/** Behind the last byte of a TIFF file that is read that one of its directories speaks of; the end of the file where they do not say. */
export function endOfTiff(bytes: Uint8Array): number {
  const little = bytes[0] === 0x49;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pages: Page[] = readPages(bytes, little);
  const seen = new Set<number>();
  let end = 8;
  for (let page = pages.pop(); page; page = pages.pop()) {
    end = Math.max(end, page.last);
    for (const [offsets, counts] of PIECES) {
      const [places, sizes] = [page.all(offsets), page.all(counts)];
      if (sizes.length < places.length) return bytes.length;
      places.forEach((place, i) => {
        end = Math.max(end, place + sizes[i]);
      });
    }
    for (const place of POINTERS.flatMap((tag) => page.all(tag))) {
      if (seen.has(place)) continue;
      seen.add(place);
      try {
        pages.push(new Page(view, place, little));
      } catch {
        // A damaged directory of the camera is no reason to refuse the picture, but nothing is known of what it meant.
        return bytes.length;
      }
    }
  }
  return end;
}
