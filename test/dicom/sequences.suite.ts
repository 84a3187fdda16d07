import { expect } from 'chai';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { suite, test } from '../harness/registry.ts';
import { ascii, binary, dicom, type El, elements, greyOf, joined, made, picture } from './dicom_maker.ts';

const rescale: El[] = [
  [0x00281052, 'DS', '10'],
  [0x00281053, 'DS', '2'],
];

/** A picture whose rescale lies in groups, one within the other. */
const nested = (open: boolean): El => [
  0x52009229,
  'SQ',
  { open, items: [[[0x00289145, 'SQ', { open, items: [rescale] }]]] },
];

suite('DICOM: sequences', () => {
  for (const implicit of [false, true]) {
    for (const open of [false, true]) {
      test(`${implicit ? 'implicit' : 'explicit'}, of ${open ? 'undefined' : 'known'} length, are entered`, async () => {
        const file = made({ pixels: [1], more: [nested(open)] }, { implicit });
        expect(Array.from((await greyOf(file)).values)).to.deep.equal([12]);
      });
    }
  }

  test('a private sequence of unknown type is implicit within an explicit file', async () => {
    const items = elements([[0x00291010, 'SQ', { open: true, items: [rescale] }]], { implicit: true });
    // The same bytes behind an explicit head: UN, and an undefined length.
    const unknown = joined([items.subarray(0, 4), ascii('UN'), new Uint8Array(2), items.subarray(4)]);
    const list = picture({ pixels: [5, 6] });
    const bytes = joined([dicom(list.slice(0, -1)), unknown, elements(list.slice(-1))]);
    const file = DicomFile.read(bytes, 'u.dcm');
    expect(Array.from((await greyOf(file)).values)).to.deep.equal([5, 6]);
    expect(file.dataSet.items(0x00291010)[0].numbers('rescaleSlope')).to.deep.equal([2]);
  });

  test('sequences without an end, and items longer than their sequence, are refused', () => {
    const [sequence] = [elements([nested(true)])];
    const read = (bytes: Uint8Array) => () => DicomFile.read(joined([dicom([]), bytes]), 's.dcm');
    expect(read(sequence.subarray(0, sequence.length - 8))).to.throw('a sequence has no end');
    const long = elements([nested(false)]);
    long.set(binary('UL', [1000]), 16);
    expect(() => read(long)().dataSet.items(0x52009229)).to.throw('an item is longer than its sequence');
  });

  test('sequences a thousand deep are refused, not followed', () => {
    const open = elements([[0x00289145, 'SQ', { open: true, items: [[]] }]]).subarray(0, 20);
    const deep = joined(Array.from({ length: 1000 }, () => open));
    expect(() => DicomFile.read(joined([dicom([]), deep]), 's.dcm')).to.throw('its sequences are nested too deeply');
  });
});
