/**
 * Writes made volumes with their scores, and what this project says of them, below a folder, for `volumes.py`, which computes the same
 * with other programs: `deno run -A test/reference/volumes.ts FOLDER`.
 */
import process from 'node:process';
import { joinPath } from '../../src/base/paths.ts';
import { volumeMetrics } from '../../src/detect/volume_metrics.ts';
import { disk } from '../../src/host/disk.ts';
import { Random } from '../../src/phantom/random.ts';
import type { SlicedVolume } from '../../src/volume/sliced_volume.ts';

const [out] = process.argv.slice(2);
const [width, height, depth] = [40, 40, 12];
const size = width * height;
const random = new Random('volumes', 1);
const volumes: SlicedVolume[] = [];
const images = [];
for (let v = 0; v < 8; v++) {
  const mask = new Uint8Array(size * depth);
  const map = new Float32Array(size * depth);
  const balls = Array.from({ length: 6 }, (_, i) => ({
    // Of half of the volumes the first ones are lesions.
    lesion: v % 2 === 1 && i < 1 + (v >> 1),
    centre: [width, height, depth].map((n) => n * (0.15 + 0.7 * random.next())),
    radius: 2 + 2 * random.next(),
    strength: 0.2 + 0.7 * random.next(),
  }));
  for (let at = 0; at < map.length; at++) {
    const place = [at % width, Math.floor(at / width) % height, Math.floor(at / size)];
    let value = 0.3 * random.next();
    for (const { lesion, centre, radius, strength } of balls) {
      const off = Math.hypot(...place.map((p, axis) => p - centre[axis]));
      if (lesion && off < radius) mask[at] = 1;
      value += strength * Math.exp(-0.5 * (off / radius) ** 2);
    }
    // Of ten binary digits, so that no two ways of counting differ.
    map[at] = Math.round(value * 512) / 512;
  }
  const name = `v${v}`;
  const slices = Array.from({ length: depth }, (_, k) => `${name}/${k}`);
  volumes.push({
    ...{
      name,
      patient: 'abacdedf'[v],
      kind: 'NIfTI',
      placed: true,
      ...{ scanner: null, modality: '', bodyPart: '', bits: null },
      shape: [width, height, depth],
      window: '',
    },
    ...{ normal: 0, abnormal: 0, empty: 0, stacks: [{ order: [0, 1, 2], slices }] },
    affine: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 2, 0],
    ],
    lesions: v % 2 === 1 ? async (k) => mask.slice(k * size, (k + 1) * size) : null,
  });
  await disk.writeFile(joinPath(out, `${name}.map.bin`), new Uint8Array(map.buffer));
  await disk.writeFile(joinPath(out, `${name}.mask.bin`), mask);
  for (let k = 0; k < depth; k++) {
    const own = map.slice(k * size, (k + 1) * size);
    const score = Math.max(...own);
    const label = mask.subarray(k * size, (k + 1) * size).includes(1) ? (1 as const) : (0 as const);
    images.push({
      ...{ id: slices[k], label, mask: null, grey: null, trivial: null },
      ...{ map: own, score, scoreMax: score, scoreMean: 0 },
    });
  }
}
// The maps are as large as the slices and are not smoothed.
const result = await volumeMetrics({
  ...{ volumes, images, rule: { top: 0.2, smooth: 0 }, norm: 'clip', maps: true, patientOf: null, seed: 1 },
  thresholds: { image: { value: 0.9 }, pixel: { value: 0.5 } },
});
await disk.writeFile(joinPath(out, 'result.json'), JSON.stringify({ width, height, depth, ...result }));
