import type { Raster } from './image.ts';

type Samples = Pick<Raster, 'channels' | 'data'>;

/**
 * The samples of a picture in their shortest form that is read alike: without alpha, which does not count, one channel where
 * all colours are equal, and bytes where 16 bits were made of them.
 */
export function plainSamples({ channels, data }: Samples): Samples {
  const from = channels === 1 || !isGrey({ channels, data }) ? channels : 1;
  const kept = from === 4 ? 3 : from;
  const plain = kept === channels ? data : everyFirst(data, channels, kept);
  return { channels: kept, data: plain instanceof Uint16Array ? asBytes(plain) : plain };
}

/** Whether red, green and blue are equal everywhere. */
function isGrey({ channels, data }: Samples): boolean {
  for (let i = 0; i < data.length; i += channels) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/** The first `kept` samples of each pixel. */
function everyFirst<T extends Raster['data']>(data: T, channels: number, kept: number): T {
  const out = data.slice(0, (data.length / channels) * kept) as T;
  for (let to = 0, from = 0; to < out.length; to += kept, from += channels) {
    for (let c = 0; c < kept; c++) out[to + c] = data[from + c];
  }
  return out;
}

/** Values of 16 bits that repeat a byte, or have nothing in the low one, as that byte. */
function asBytes(data: Uint16Array): Uint8Array | Uint16Array {
  const fits = data.every((value) => (value & 255) === 0) || data.every((value) => value % 257 === 0);
  return fits ? Uint8Array.from(data, (value) => value >> 8) : data;
}
