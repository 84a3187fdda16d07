import { assert } from 'chai';
import { resizePositions } from '../../src/clip/positions.ts';
import { preprocess, preprocessMask, resizeForClip } from '../../src/clip/preprocess.ts';
import type { Image } from '../../src/data/image.ts';
import { rulePicture } from '../../src/data/picture.ts';
import { posembedCases } from '../golden/cases/posembed.ts';
import { preprocessCases } from '../golden/cases/preprocess.ts';
import { noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('preprocessing', () => {
  test('matches the golden bytes, inputs, masks and warps', async (t) => {
    for await (const { name, ratio } of preprocessCases((file) => t.fixture(`golden/seed1/${file}`))) {
      assert.isAtMost(ratio, 1, name);
    }
  });

  test('gives three planes of float32, with mean and std except for mvfa', () => {
    const white: Image = { width: 5, height: 9, channels: 1, data: new Uint8Array(45).fill(255) };
    assert.deepEqual(preprocess(white, 'mvfa', 4), new Float32Array(48).fill(1));
    const x = preprocess(white, 'winclip', 4);
    assert.equal(x.length, 48);
    for (const [c, value] of [1.930336, 2.074882, 2.145897].entries()) assert.closeTo(x[c * 16 + 5], value, 1e-5);
  });

  test('openai crops the middle of the long side, the others squash it', () => {
    const data = Uint8Array.from({ length: 12 * 4 }, (_, i) => (i % 12 < 4 ? 0 : i % 12 < 8 ? 100 : 200));
    const wide: Image = { width: 12, height: 4, channels: 1, data };
    const middle = resizeForClip(wide, 'openai', 4).data;
    assert.isTrue(middle.every((v) => v === 100));
    assert.equal(resizeForClip(wide, 'april', 4).data[0], 0);
  });

  test('masks are 0 and 1; thin lesions survive by the rule of the variant', () => {
    const { mask } = rulePicture('masks', 2, 90, 70, 1, 2);
    for (const variant of ['april', 'mvfa'] as const) {
      const small = preprocessMask(mask, variant, 24);
      assert.equal(small.length, 576);
      assert.isTrue(small.every((v) => v === 0 || v === 1) && small.includes(1));
    }
  });

  /** From transformers 5.24, `CLIPImageProcessorPil` on Pillow 13: the first row's beginning by channel, the sum, two inputs. */
  const HUGGING_FACE: readonly {
    readonly of: readonly [width: number, height: number, channels: 1 | 3 | 4];
    readonly size: number;
    readonly first: readonly (readonly number[])[];
    readonly sum: number;
    readonly ends: readonly [number, number];
  }[] = [
    {
      ...{ of: [224, 227, 3], size: 224, sum: 19_196_594, ends: [-0.3178214430809021, -0.24307399988174438] },
      first: [
        [101, 141, 181, 221],
        [154, 195, 236, 21],
        [207, 249, 35, 77],
      ],
    },
    {
      ...{ of: [31, 20, 3], size: 14, sum: 75_108, ends: [0.032540757209062576, 0.2119680792093277] },
      first: [
        [125, 134, 58, 132],
        [174, 85, 123, 101],
        [130, 122, 126, 151],
      ],
    },
    {
      ...{ of: [20, 33, 1], size: 14, sum: 74_268, ends: [0.3245093822479248, 0.6954504251480103] },
      first: [
        [145, 148, 68, 127],
        [145, 148, 68, 127],
        [145, 148, 68, 127],
      ],
    },
    {
      ...{ of: [25, 30, 4], size: 14, sum: 110_385, ends: [1.4047927856445312, 0.8234310150146484] },
      first: [
        [219, 173, 173, 175],
        [208, 181, 173, 166],
        [199, 182, 188, 187],
      ],
    },
    {
      ...{ of: [15, 16, 3], size: 14, sum: 77_475, ends: [-1.6462782621383667, 0.5532497763633728] },
      first: [
        [10, 50, 97, 128],
        [63, 111, 144, 152],
        [124, 159, 166, 216],
      ],
    },
  ];

  for (const { of, size, first, sum, ends } of HUGGING_FACE) {
    test(`as CLIPImageProcessor: ${of.join(' x ')} to ${size}`, () => {
      const [width, height, channels] = of;
      const data = Uint8Array.from({ length: width * height * channels }, (_, at) => {
        const [c, x, y] = [at % channels, Math.floor(at / channels) % width, Math.floor(at / channels / width)];
        return (x * 37 + y * 101 + c * 53 + ((x * y * (c + 3)) % 97)) % 256;
      });
      const image = { width, height, channels, data };
      const small = resizeForClip(image, 'huggingface', size).data;
      const begun = [0, 1, 2].map((c) => [0, 1, 2, 3].map((x) => small[3 * x + c]));
      assert.deepEqual(begun, first);
      assert.equal(
        small.reduce((total, byte) => total + byte, 0),
        sum,
      );
      const input = preprocess(image, 'huggingface', size);
      assert.approximately(input[0], ends[0], 1e-6);
      assert.approximately(input[input.length - 1], ends[1], 1e-6);
      // OpenAI's code crops another line where a half is rounded up, and drops alpha.
      const openai = resizeForClip(image, 'openai', size).data;
      assert.equal(
        openai.every((byte, i) => byte === small[i]),
        [20, 15].includes(width),
      );
    });
  }

  test("normalises with a model's own statistics", () => {
    const grey = { width: 4, height: 4, channels: 3 as const, data: new Uint8Array(48).fill(51) };
    const input = preprocess(grey, 'winclip', 4, { mean: [0.5, 0.1, 0], std: [0.5, 0.25, 2] });
    // 51 / 255 = 0.2
    [-0.6, 0.4, 0.1].forEach((value, c) => {
      assert.approximately(input[16 * c], value, 1e-6);
    });
  });
});

suite('position table', () => {
  test('matches the golden weights and tables', async (t) => {
    for await (const { name, ratio } of posembedCases((file) => t.fixture(`golden/seed1/${file}`))) {
      assert.isAtMost(ratio, 1, name);
    }
  });

  test('keeps the class row, and all of it at the same size', () => {
    const table = noise(4, (6 * 6 + 1) * 5);
    assert.deepEqual(resizePositions(table, 6, 6), table);
    const smaller = resizePositions(table, 6, 4);
    assert.equal(smaller.length, 17 * 5);
    assert.deepEqual(smaller.subarray(0, 5), table.subarray(0, 5));
  });

  test('refuses a table of another grid', () => {
    assert.throws(() => resizePositions(new Float32Array(100), 6, 4), RangeError);
  });
});
