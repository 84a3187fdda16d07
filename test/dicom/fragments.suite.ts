import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { made, storedOf } from './dicom_maker.ts';
import { rleOf } from './rle_maker.ts';

const RLE = { syntax: '1.2.840.10008.1.2.5' };
const cut = (bytes: Uint8Array, at: number) => [bytes.subarray(0, at), bytes.subarray(at)];
const none = new Uint8Array(0);
const offsets = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);

suite('DICOM: fragments', () => {
  const first = rleOf([1, 2, 3, 4]);
  const second = rleOf([5, 6, 7, 8]);
  const grey = { columns: 4 };

  test('one frame in several fragments, with an empty offset table', async () => {
    const file = made({ ...grey, pixels: { parts: [none, ...cut(first, 20), none] } }, RLE);
    expect(await storedOf(file)).to.deep.equal([1, 2, 3, 4]);
  });

  test('as many fragments as frames, with an empty offset table', async () => {
    const file = made({ ...grey, frames: 2, pixels: { parts: [none, first, second] } }, RLE);
    expect(await storedOf(file, 1)).to.deep.equal([5, 6, 7, 8]);
  });

  test('several fragments a frame, by the offset table', async () => {
    const [a, b] = cut(first, 20);
    const parts = [offsets(0, 16 + first.length), a, b, second];
    expect(await storedOf(made({ ...grey, frames: 2, pixels: { parts } }, RLE), 1)).to.deep.equal([5, 6, 7, 8]);
  });

  test('an extended offset table goes before an empty one', async () => {
    const [a, b] = cut(first, 20);
    const more = [[0x7fe00001, 'OV', [0, 16 + first.length]]] as const;
    const file = made({ ...grey, frames: 2, more, pixels: { parts: [none, a, b, second] } }, RLE);
    expect(await storedOf(file, 1)).to.deep.equal([5, 6, 7, 8]);
  });

  test('fragments that cannot be told apart, and frames that are not there, are refused', async () => {
    const [a, b] = cut(first, 20);
    const failure = async (parts: Uint8Array[], index: number) => {
      try {
        await made({ ...grey, frames: 2, pixels: { parts } }, RLE).stored(index);
        return 'read';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await failure([none, a, b, second], 0)).to.contain('its 3 fragments do not divide into 2 frames');
    expect(await failure([none, first], 1)).to.contain('the pixels of frame 2 of 2 are missing');
  });
});
