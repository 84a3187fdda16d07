import type { ResultsDetector } from '../../src/detect/volume_results.ts';
import { fusionOptions } from '../../src/fusion/index.ts';

/** A detector as far as results name it. @param level of the map; null for one that saw no masks */
export function detectorOf(level: number | null): ResultsDetector {
  const threshold = (value: number) => ({ value, f1: 1, from: 'valid' }) as const;
  return {
    file: {
      thresholds: { image: threshold(0.75), pixel: level === null ? null : threshold(level) },
      mapScale: 1,
      header: {
        fusion: fusionOptions({}),
        // biome-ignore lint/suspicious/noExplicitAny: results take name and hashes alone
        model: { name: 'models/tiny', hash: 'abc123', config: {} as any },
      },
    },
  };
}

/** A map that rises to `most` within the volume and is the same for equal arguments. */
export function mapOf(
  [width, height, depth]: readonly [number, number, number],
  most: number,
): Float32Array<ArrayBuffer> {
  const map = new Float32Array(width * height * depth);
  for (let k = 0, i = 0; k < depth; k++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const off = Math.hypot((x - 0.6 * width) / width, (y - 0.3 * height) / height, (k - 0.4 * depth) / depth);
        map[i] = most * Math.exp(-12 * off * off);
      }
    }
  }
  return map;
}
