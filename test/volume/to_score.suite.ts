import { expect } from 'chai';
import { decodeImage } from '../../src/data/decode.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { filesBelow } from '../../src/volume/collect.ts';
import { GridMaps, type StackMaps } from '../../src/volume/grid_maps.ts';
import { filledSlices, smoothedSlices, volumeScore } from '../../src/volume/stack.ts';
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
    const [{ stacks, grey, file }] = volumes;
    const [{ slices }] = stacks;
    expect([slices.length, slices[0], slices[8], (await grey()).text, file]).to.deep.equal([
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

  test('slices of a series that are given file by file are one volume', async () => {
    const fs = new MemoryFileSystem();
    const options = { set: 'liver', out: 'o', seed: 2, valid: 2, test: 2, size: 32, depth: 8 } as const;
    const path = await writePhantomVolumes(fs, { ...options, format: 'dicom' });
    const all = await volumesToScore(fs, [path], rules, 'Liver');
    const slices = (await filesBelow(fs, path)).filter((file) => file.endsWith('.dcm'));
    const loose = await volumesToScore(fs, [...slices, slices[0]], rules, 'Liver');
    const facts = ({ volumes }: typeof all) => volumes.map(({ source, file }) => [source.name, source.shape, file]);
    expect(facts(loose)).to.deep.equal(facts(all));
  });

  test('unseen slices are looked at when they are asked for, and decoded once; empty are the same ones', async () => {
    const fs = new MemoryFileSystem();
    const options = { set: 'liver', out: 'o', seed: 2, valid: 2, test: 2, size: 32, depth: 9 } as const;
    const path = await writePhantomVolumes(fs, { ...options, format: 'dicom' });
    const seen = await volumesToScore(fs, [path], rules, 'Liver');
    const { fs: shown, volumes } = await volumesToScore(fs, [path], rules, 'Liver', { unseen: true });
    const begun = fs.reads.length;
    const found: (readonly (string | null)[])[] = [];
    for (const { source, stacks, isEmpty } of volumes) {
      let decoded = 0;
      const slice = source.slice.bind(source);
      Object.assign(source, { slice: (k: number) => slice(k + 0 * decoded++) });
      const own: (string | null)[] = [];
      for (const file of stacks[0].slices) {
        own.push((await isEmpty(file!)) ? null : file);
        if (own.at(-1)) await shown.readFile(file!);
      }
      expect(decoded).to.equal(9);
      found.push(own);
    }
    expect(found).to.deep.equal(seen.volumes.map(({ stacks }) => stacks[0].slices));
    expect([fs.reads.length - begun, new Set(fs.reads.slice(begun)).size]).to.deep.equal([36, 36]);
    // A window that shows nothing is known of in the end.
    const dark = await volumesToScore(fs, [path], { ...rules, window: '10,9000' }, 'Liver', { unseen: true });
    const [{ stacks, isEmpty, unsuited }] = dark.volumes;
    expect([unsuited(), dark.notes.length]).to.deep.equal([null, 0]);
    for (const file of stacks[0].slices) expect(await isEmpty(file!)).to.equal(true);
    expect(unsuited()).to.match(/its slices are all dark/);
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

  test('the score of a volume is the mean of the highest part of its slices, at least of one', () => {
    expect(volumeScore([1, 5, 3], 0.05)).to.equal(5);
    // Half of three slices are two.
    expect(volumeScore([1, 5, 3], 0.5)).to.equal(4);
    const many = Array.from({ length: 40 }, (_, i) => i);
    expect([volumeScore(many, 0.05), volumeScore(many, 0.25), volumeScore(many, 1)]).to.deep.equal([38.5, 34.5, 19.5]);
  });

  test('stride: maps between are mixed of their neighbours, and the nearer one decides where one has none', () => {
    const maps = [0, null, null, 6, null, null, null, null].map((value) =>
      value === null ? null : Float32Array.of(value),
    );
    const filled = filledSlices(maps, 3).map((map) => map && Math.round(map[0] * 100) / 100);
    // Of slice 6 nothing is known: slice 4 is nearer to 3, slice 5 to 6.
    expect(filled).to.deep.equal([0, 2, 4, 6, 6, null, null, null]);
    expect(filledSlices(maps, 1)).to.deep.equal(maps);
  });

  test('three planes: their maps are averaged on the grid of the volume, each row where its slice lies', () => {
    const shape = [3, 2, 2] as const;
    const affine = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ];
    const value = (x: number, y: number, z: number) => x + 10 * y + 100 * z;
    const map = (width: number, height: number, of: (i: number, j: number) => number) => ({
      ...{ width, height },
      data: Float32Array.from({ length: width * height }, (_, at) => of(at % width, Math.floor(at / width))),
    });
    const stacks: StackMaps[] = [
      { order: [0, 1, 2], maps: [0, 1].map((z) => map(3, 2, (x, y) => value(x, y, z))) },
      { order: [0, 2, 1], maps: [0, 1].map((y) => map(3, 2, (x, z) => value(x, y, z) + 3)) },
      { order: [1, 2, 0], maps: [null, ...[1, 2].map((x) => map(2, 2, (y, z) => value(x, y, z) + 6))] },
    ];
    const grid = new GridMaps({ shape, affine }, stacks, 0);
    for (const z of [0, 1]) {
      // In the first column two planes have a map, elsewhere three.
      const wanted = Array.from({ length: 6 }, (_, i) => value(i % 3, Math.floor(i / 3), z) + (i % 3 === 0 ? 1.5 : 3));
      assertClose([...grid.slice(z)], wanted, { absolute: 1e-5 });
    }
    // Without any map a voxel has the lowest value.
    const some = new GridMaps({ shape, affine }, [{ order: [0, 1, 2], maps: [null, map(3, 2, (x) => 5 + x)] }], 3);
    assertClose([...some.slice(0)], new Array(6).fill(5), { absolute: 0 });
  });

  test('memory: of many volumes one is held, whichever plane its slices are taken in', async () => {
    const fs = new MemoryFileSystem();
    const options = { set: 'liver', out: 'o', seed: 2, valid: 2, test: 2, size: 32, depth: 8 } as const;
    const path = await writePhantomVolumes(fs, { ...options, format: 'nifti' });
    const { volumes } = await volumesToScore(fs, [path], { ...rules, plane: 'all' }, 'Liver');
    const reads = async (work: () => Promise<unknown>) => {
      const before = fs.reads.length;
      await work();
      return fs.reads.length - before;
    };
    const [first, second] = volumes.map(({ source }) => source);
    await first.slice(0);
    expect(await reads(() => first.slice(5))).to.equal(0);
    expect(await reads(() => second.slice(5))).to.equal(1);
    expect(await reads(() => second.slice(6))).to.equal(0);
    expect(await reads(() => first.slice(5))).to.equal(1);
    expect(volumes[0].stacks.map(({ slices }) => slices.length)).to.deep.equal([8, 32, 32]);
  });
});
