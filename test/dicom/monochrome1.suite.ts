import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { greyOf, made } from './dicom_maker.ts';

suite('DICOM: MONOCHROME1', () => {
  test('keeps its values, and says that low ones are shown bright', async () => {
    const one = await greyOf(made({ photometric: 'MONOCHROME1', pixels: [0, 7] }));
    expect([Array.from(one.values), one.inverted]).to.deep.equal([[0, 7], true]);
    expect((await greyOf(made({ pixels: [0, 7] }))).inverted).to.equal(false);
  });
});
