import { expect } from 'chai';
import { decodeText } from '../../src/dicom/text.ts';
import { suite, test } from '../harness/registry.ts';

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

suite('DICOM: character sets', () => {
  // Names of PS3.5 annexes H, I and J.
  test('one set, two sets, and the escapes between them', () => {
    expect(decodeText(bytes('Buc^J\xe9r\xf4me '), ['ISO_IR 100'])).to.equal('Buc^Jérôme');
    expect(decodeText(bytes('\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2'), ['ISO_IR 126'])).to.equal('Διονυσιος');
    expect(decodeText(bytes('\xcb\xee\xea'), ['ISO_IR 144'])).to.equal('Ыюъ');
    expect(decodeText(bytes('Wang^\xe5\xb0\x8f\0'), ['ISO_IR 192'])).to.equal('Wang^小');
    expect(decodeText(bytes('\xd4\xcf\xc0\xde'), ['ISO_IR 13'])).to.equal('ﾔﾏﾀﾞ');
    expect(decodeText(bytes('\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B'), ['', 'ISO 2022 IR 87'])).to.equal('山田^太郎');
    expect(decodeText(bytes('\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7'), ['', 'ISO 2022 IR 149'])).to.equal('洪^吉洞');
  });

  test('a set that nobody knows is read as Latin 1', () => {
    expect(decodeText(bytes('\xe9'), ['NONSENSE'])).to.equal('é');
  });
});
