import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { fnv1a32 } from '../../src/base/rule.ts';
import { checkDataset } from '../../src/data/layout/check.ts';
import { objectName } from '../../src/data/layout/object_name.ts';
import { openDataset } from '../../src/data/layout/open.ts';
import { allCaptions, PHANTOM_FAMILIES, phantom, writePhantoms } from '../../src/phantom/index.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';

const FAMILIES = Object.values(PHANTOM_FAMILIES);

/** FNV-1a of images and masks of a healthy phantom and one of each kind, 64 pixels wide, seed 7. */
const BYTES: Record<string, number> = {
  brain: 3606027027,
  liver: 4121893505,
  resc: 680714985,
  oct2017: 1100945683,
  chest: 2269452450,
  histopathology: 3780386470,
};

function share(mask: Uint8Array): number {
  return mask.reduce((sum, value) => sum + (value ? 1 : 0), 0) / mask.length;
}

suite('phantoms', () => {
  for (const family of FAMILIES) {
    test(`${family.name}: the same bytes in every runtime`, () => {
      const parts: number[] = [];
      [false as const, ...family.kinds.map(({ name }) => name)].forEach((abnormal, index) => {
        const { image, mask } = phantom(family.name, 7, index, { size: 64, abnormal });
        parts.push(fnv1a32(image.data), fnv1a32(mask.data));
      });
      assert.equal(fnv1a32(parts.join()), BYTES[family.name]);
    });

    test(`${family.name}: healthy ones have an empty mask, every kind has a lesion of medium size`, () => {
      const healthy = phantom(family.name, 3, 0, { size: 64 });
      assert.equal(share(healthy.mask.data), 0);
      assert.deepEqual(healthy.facts.kinds, []);
      for (const { name } of family.kinds) {
        const areas: number[] = [];
        for (let i = 0; i < 6; i++) {
          const { mask, facts, image } = phantom(family.name, 3, i, { size: 64, abnormal: name });
          assert.deepEqual([...new Set(mask.data)].sort(), [0, 255]);
          assert.deepEqual([image.width, image.height, mask.channels], [64, 64, 1]);
          assert.deepEqual(facts.kinds, [name]);
          assert.equal(facts.area, share(mask.data));
          areas.push(facts.area);
        }
        areas.sort((a, b) => a - b);
        assert.isAbove(areas[0], 0.006, name);
        assert.isBelow(areas[5], 0.25, name);
        assert.isAbove(areas[2], 0.01, name);
        assert.isBelow(areas[2], 0.16, name);
      }
    });

    test(`${family.name}: the picture changes where the mask says, the anatomy stays`, () => {
      let [inside, outside] = [0, 0];
      for (let i = 0; i < 24; i++) {
        const before = phantom(family.name, 11, i, { size: 64 }).image;
        const { image, mask } = phantom(family.name, 11, i, { size: 64, abnormal: true });
        const [a, b] = [before, image].map(({ data }) => data);
        let [inSum, inCount, outSum, outCount] = [0, 0, 0, 0];
        for (let p = 0; p < mask.data.length; p++) {
          const d = Math.abs(a[p * image.channels] - b[p * image.channels]);
          if (mask.data[p]) [inSum, inCount] = [inSum + d, inCount + 1];
          else [outSum, outCount] = [outSum + d, outCount + 1];
        }
        inside += inSum / inCount;
        outside += outSum / outCount;
      }
      assert.isAbove(inside / outside, 2);
    });

    test(`${family.name}: is the same picture at another size`, () => {
      for (const abnormal of [false, family.kinds[0].name]) {
        const small = phantom(family.name, 5, 1, { size: 48, abnormal });
        const large = phantom(family.name, 5, 1, { size: 144, abnormal });
        const { channels } = small.image;
        let sum = 0;
        for (let y = 0; y < 48; y++) {
          for (let x = 0; x < 48; x++) {
            let mean = 0;
            for (let k = 0; k < 9; k++) {
              mean += large.image.data[((3 * y + Math.floor(k / 3)) * 144 + 3 * x + (k % 3)) * channels] / 9;
            }
            sum += Math.abs(mean - small.image.data[(y * 48 + x) * channels]);
          }
        }
        assert.isBelow(sum / 48 ** 2, 20);
        assert.closeTo(share(small.mask.data), share(large.mask.data), 0.02);
      }
    });

    test(`${family.name}: captions are among those that a vocabulary is made from`, () => {
      const known = new Set(allCaptions(family));
      for (let i = 0; i < 12; i++) {
        const { captions, caption, facts } = phantom(family.name, 2, i, { size: 48, abnormal: i % 2 === 1 });
        assert.include(captions, caption);
        assert.isAbove(captions.length, 8);
        for (const text of captions) assert.isTrue(known.has(text), text);
        assert.equal(facts.abnormal, i % 2 === 1);
      }
      assert.include(allCaptions(family), `a photo of a flawless ${objectName(family.dataset)}.`);
    });

    test(`${family.name}: written as a BMAD set that opens without a problem`, async () => {
      const fs = new MemoryFileSystem();
      let steps = 0;
      const options = { set: family.name, out: '/data', seed: 4, train: 1, valid: 4, test: 5, size: 48 };
      const folder = await writePhantoms(fs, options, () => steps++);
      assert.equal(folder, `/data/${family.dataset}`);
      assert.equal(steps, 10);
      const set = await openDataset(fs, folder);
      assert.deepEqual([set.layout, set.kind], ['bmad', family.masks ? 'pixel' : 'image']);
      const report = await checkDataset(fs, folder);
      assert.deepEqual(report.problems, []);
      assert.deepEqual(report.images, { valid: { normal: 2, abnormal: 2 }, test: { normal: 3, abnormal: 2 } });
      assert.equal(report.object, family.nouns[0]);
      await expectFailure('usage', [/is there already/], () => writePhantoms(fs, options));
    });
  }

  test('that two write at once to one place are the set of one of them', async () => {
    const fs = new MemoryFileSystem();
    const options = { set: 'chest', out: '/data', train: 0, valid: 4, test: 4, size: 32 };
    const both = await Promise.allSettled([3, 4].map((seed) => writePhantoms(fs, { ...options, seed })));
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const pictures = [...fs.files.keys()].filter((path) => path.endsWith('.png'));
    assert.lengthOf(pictures, 8);
    assert.lengthOf(new Set(pictures.map((path) => /chest_(\d)_/.exec(path)![1])), 1);
    for (const path of fs.files.keys()) assert.notInclude(path, '.tmp');
  });

  test('that cannot be written whole leave no part of a set', async () => {
    const fs = new MemoryFileSystem();
    const write = fs.writeFile.bind(fs);
    let left = 3;
    fs.writeFile = async (path, bytes) => {
      if (left-- === 0) throw new FusionclipError('io', 'The disk is full.');
      await write(path, bytes);
    };
    const options = { set: 'chest', out: '/data', seed: 4, train: 0, valid: 4, test: 4, size: 32 };
    await expectFailure('io', [/disk is full/], () => writePhantoms(fs, options));
    assert.equal(left, -1);
    assert.isEmpty([...fs.files.keys()]);
  });

  test('are a function of family, seed, index and kind', () => {
    const bytes = (seed: number, index: number, kind: string | false) =>
      fnv1a32(phantom('brain', seed, index, { size: 48, abnormal: kind }).image.data);
    assert.equal(bytes(1, 2, 'cyst'), bytes(1, 2, 'cyst'));
    assert.equal(new Set([bytes(1, 2, 'cyst'), bytes(1, 2, 'foci'), bytes(1, 3, 'cyst'), bytes(2, 2, 'cyst')]).size, 4);
    const kinds = new Set<string>();
    for (let i = 0; i < 24; i++) {
      for (const kind of phantom('brain', 1, i, { size: 32, abnormal: ['cyst', 'foci'] }).facts.kinds) kinds.add(kind);
    }
    assert.deepEqual([...kinds].sort(), ['cyst', 'foci']);
  });

  test('refuse what there is not', async () => {
    await expectFailure('usage', [/no phantom family "knee"/], () => phantom('knee', 1, 0));
    await expectFailure('usage', [], () => phantom('constructor', 1, 0));
    await expectFailure('usage', [/no lesion "drusen"/, /cyst/], () => phantom('brain', 1, 0, { abnormal: 'drusen' }));
    await expectFailure('usage', [], () => phantom('brain', 1, 0, { abnormal: [] }));
    await expectFailure('usage', [/8 pixels/], () => phantom('brain', 1, 0, { size: 8 }));
    const good = { set: 'brain', out: '/d', seed: 1, train: 0, valid: 2, test: 2, size: 48 };
    for (const wrong of [{ test: 1 }, { valid: 0 }, { train: -1 }, { seed: 1.5 }, { size: 20 }, { kinds: ['x'] }]) {
      await expectFailure('usage', [], () => writePhantoms(new MemoryFileSystem(), { ...good, ...wrong }));
    }
  });
});
