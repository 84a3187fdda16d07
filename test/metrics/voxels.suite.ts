import { expect } from 'chai';
import { froc } from '../../src/metrics/froc.ts';
import { auproExact, auroc, averagePrecision, components, rankScores } from '../../src/metrics/index.ts';
import { Regions } from '../../src/metrics/regions.ts';
import { voxelDice, voxelMetrics, voxelResult } from '../../src/metrics/voxels.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** `1` inside; slices by blank-separated words of digits, `width` to a row. */
const slice = (text: string) => Uint8Array.from(text.replaceAll(/\s/g, ''), Number);

/** A number that looks drawn, of few digits so that no two kinds of counting differ. */
const drawn = (i: number) => ((i * 7919 + 13) % 101) / 64;

suite('voxels', () => {
  test('regions of a volume: voxels that touch at a corner are one, whatever joins them later', () => {
    const regions = new Regions(4, 3);
    // Two arms in the first slice that the second one joins, and a voxel of its own.
    const first = regions.add(slice('1001 0000 0000'));
    const second = regions.add(slice('0110 0000 0001'));
    const third = regions.add(slice('0000 0000 0000'));
    const last = regions.add(slice('1000 0000 0000'));
    const root = (label: number) => regions.root(label);
    expect(root(first[0])).to.equal(root(first[3]));
    expect(root(second[1])).to.equal(root(first[0]));
    expect(root(second[11])).not.to.equal(root(first[0]));
    expect([...third].some((label) => label > 0)).to.equal(false);
    expect(root(last[0])).not.to.equal(root(first[0]));
    // In one slice they are those of `components`.
    const random = Uint8Array.from({ length: 30 * 20 }, (_, i) => (drawn(i) > 1 ? 1 : 0));
    const flat = new Regions(30, 20);
    const labels = flat.add(random);
    const known = components(random, 30, 20).labels;
    const pairs = new Set([...labels].map((label, i) => `${label === 0 ? 0 : flat.root(label)} ${known[i]}`));
    expect(pairs.size).to.equal(new Set(known).size);
  });

  test('by hand: two lesions in three slices, one found, two false alarms of which one joins over slices', async () => {
    const width = 4;
    const maps = [
      [9, 8, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0],
      [7, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 3],
    ].map((values) => Float32Array.from(values));
    const lesions = [slice('1000 0000 0000'), slice('1000 0000 0000'), slice('0000 0000 1000')];
    const volume = {
      shape: [width, 3, 3] as const,
      map: (k: number) => maps[k],
      lesions: async (k: number) => lesions[k],
    };
    const result = await voxelResult(volume, 4);
    expect([result.lesion, result.predicted, result.both]).to.deep.equal([3, 6, 3]);
    expect(voxelDice(result)).to.equal(6 / 9);
    // The region of 9, 8, 7 by its 9; that of 6 and 5; the 4 in the second lesion. The 3 is below.
    expect(result.findings).to.have.deep.members([
      { confidence: 9, lesion: 0 },
      { confidence: 6, lesion: null },
      { confidence: 4, lesion: 1 },
    ]);
    // Of three lesion voxels the ranks are 1, 3 and 6 of all: (1/1 + 2/3 + 3/6) / 3.
    expect(voxelMetrics(result).averagePrecision).to.be.closeTo((1 + 2 / 3 + 1 / 2) / 3, 1e-12);
    // Of 33 normal voxels 0, 1 and 3 are above them.
    expect(voxelMetrics(result).auroc).to.be.closeTo((33 + 32 + 30) / 99, 1e-12);
    // Without the slice between them the lesion in the first one and the region of 9, 8 and 7 end there.
    const part = { ...volume, missing: new Set([1]), lesions: async (k: number) => (k === 1 ? slice('') : lesions[k]) };
    const gone = await voxelResult(
      { ...part, map: (k) => (k === 1 ? new Float32Array(12).fill(Number.NaN) : maps[k]) },
      4,
    );
    expect([gone.lesion, gone.predicted, gone.counts.negatives]).to.deep.equal([2, 4, 22]);
    const none = await voxelResult({ ...volume, lesions: null }, null);
    expect([none.lesion, none.predicted, voxelDice(none), none.findings.length]).to.deep.equal([0, null, null, 0]);
    expect(voxelMetrics(none).averagePrecision).to.deep.equal(Number.NaN);
  });

  test('a request to stop is heard between two slices', async () => {
    const control = new AbortController();
    let looked = 0;
    const map = () => {
      if (looked++ === 0) setTimeout(() => control.abort(new Error('stopped')));
      const end = performance.now() + 60;
      while (performance.now() < end);
      return new Float32Array(4);
    };
    const ended = voxelResult({ shape: [2, 2, 9], map, lesions: null }, 1, control.signal);
    expect(await ended.catch((error) => error.message)).to.equal('stopped');
    expect(looked).to.be.below(9);
  });

  test('one slice has the AUROC, AP and AUPRO of a picture', async () => {
    const [width, height] = [24, 18];
    const map = Float32Array.from({ length: width * height }, (_, i) => drawn(i));
    const mask = Uint8Array.from(map, (_, i) =>
      i % width < 6 && i > 3 * width && i < 9 * width ? 1 : i === 400 ? 1 : 0,
    );
    const result = await voxelResult({ shape: [width, height, 1], map: () => map, lesions: async () => mask }, 1);
    const ranking = rankScores(mask, map);
    const own = voxelMetrics(result);
    assertClose(
      [own.auroc, own.averagePrecision, own.aupro],
      [auroc(ranking), averagePrecision(ranking), auproExact([{ width, height, map, mask }])],
      { absolute: 1e-12 },
    );
    // Twice the same volume is the same ranking.
    result.counts.addAll(
      (await voxelResult({ shape: [width, height, 1], map: () => map, lesions: async () => mask }, 1)).counts,
    );
    expect(voxelMetrics(result).aupro).to.be.closeTo(own.aupro, 1e-12);
    expect(result.counts.positives).to.equal(2 * result.lesion);
  });

  test('FROC by hand: a lesion counts once, false positives are a mean of the volumes', () => {
    const findings = [
      { confidence: 0.9, lesion: 0 },
      { confidence: 0.8, lesion: null },
      { confidence: 0.7, lesion: 0 },
      { confidence: 0.7, lesion: null },
      { confidence: 0.5, lesion: 2 },
    ];
    const { points, at, mean } = froc(findings, 4, 2);
    expect(points).to.deep.equal([
      { threshold: 0.9, sensitivity: 0.25, falsePositives: 0 },
      { threshold: 0.8, sensitivity: 0.25, falsePositives: 0.5 },
      { threshold: 0.7, sensitivity: 0.25, falsePositives: 1 },
      { threshold: 0.5, sensitivity: 0.5, falsePositives: 1 },
    ]);
    expect(at.map(({ sensitivity }) => sensitivity)).to.deep.equal([0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5]);
    expect(mean).to.be.closeTo(2.75 / 7, 1e-12);
    expect(froc([], 0, 3).mean).to.deep.equal(Number.NaN);
    expect(froc([], 2, 3).at[0].sensitivity).to.equal(0);
  });
});
