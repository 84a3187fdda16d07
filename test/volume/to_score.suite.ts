import { expect } from 'chai';
import { decodeImage } from '../../src/data/decode.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { smoothedSlices, volumeScore } from '../../src/volume/stack.ts';
import { isVolumePath, volumesToScore } from '../../src/volume/to_score.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const rules = { window: 'liver', plane: 'auto', accept: '', volume: null } as const;

suite('volumes to be scored', () => {
  test('a folder of volumes, and a NIfTI file by itself: masks are left out, empty slices have no picture', async () => {
    const fs = new MemoryFileSystem();
    const options = { set: 'liver', out: 'o', seed: 2, valid: 2, test: 2, size: 32, depth: 9 } as const;
    const path = await writePhantomVolumes(fs, { ...options, format: 'nifti' });
    expect(await isVolumePath(fs, path)).to.equal(true);
    const all = await volumesToScore(fs, [path], rules, 'Liver');
    expect(all.volumes.length).to.equal(4);
    const patient = `${path}/test/liver_2_4000001/liver_2_4000001.nii.gz`;
    expect(await isVolumePath(fs, patient)).to.equal(true);
    const { fs: shown, volumes } = await volumesToScore(fs, [patient], rules, 'Liver');
    const [{ slices, grey, file }] = volumes;
    expect([slices.length, slices[0], slices[8], grey.text, file]).to.deep.equal([
      9,
      null,
      null,
      'window 150,30 (preset liver)',
      'liver-2-4000001',
    ]);
    const name = slices[4] ?? '';
    expect(decodeImage(await shown.readFile(name), name).width).to.equal(32);
    expect(await isVolumePath(fs, `${path}/nothing`)).to.equal(false);
  });

  test('maps are smoothed by millimetres, over slices that have one', () => {
    const maps = [Float32Array.of(0), Float32Array.of(1), null, Float32Array.of(0)];
    const smooth = smoothedSlices(maps, 3, 3).map((map) => map?.[0] ?? -1);
    const [one, two] = [Math.exp(-0.5), Math.exp(-2)];
    assertClose(smooth, [one / (1 + one + Math.exp(-4.5)), 1 / (1 + one + two), -1, two / (1 + two + Math.exp(-4.5))], {
      absolute: 1e-6,
    });
    // Slices as thick as three deviations are left alone.
    assertClose(
      smoothedSlices(maps, 10, 3).map((map) => map?.[0] ?? -1),
      [0, 1, -1, 0],
      { absolute: 0 },
    );
  });

  test('the score of a volume is the mean of the highest 5 % of its slices, at least of one', () => {
    expect(volumeScore([1, 5, 3])).to.equal(5);
    expect(volumeScore(Array.from({ length: 40 }, (_, i) => i))).to.equal(38.5);
  });
});
