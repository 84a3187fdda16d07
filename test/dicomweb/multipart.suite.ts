import { expect } from 'chai';
import { messageOf, parameterOf, partsOf } from '../../src/dicomweb/multipart.ts';
import { suite, test } from '../harness/registry.ts';

const bytes = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const text = (part: Uint8Array) => new TextDecoder().decode(part);
const found = (message: string, boundary: string) =>
  partsOf(bytes(message), boundary)?.map((part) => text(part.bytes)) ?? null;

suite('multipart messages', () => {
  test('boundaries of every kind, preambles, ends of lines', () => {
    expect(found('hello\r\n--b\r\nA: 1\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nbye', 'b')).to.deep.equal([
      'one',
      'two',
    ]);
    expect(found('--b\n\none\n--b--', 'b')).to.deep.equal(['one']);
    expect(found('--b \t\r\n\r\n\r\n--b-- ', 'b')).to.deep.equal(['']);
    expect(found('--b--', 'b')).to.deep.equal([]);
    for (const odd of ["'()+_,-./:=?", '--', ' a b', '--b--']) {
      expect(found(`--${odd}\r\n\r\none\r\n--${odd}--\r\n`, odd)).to.deep.equal(['one']);
    }
  });

  test('what looks like a boundary within a part is a part of it', () => {
    const inner = 'a\r\n--bb\r\n--b-\r\n --b\r\nx--b\r\n';
    expect(found(`--b\r\n\r\n${inner}\r\n--b--`, 'b')).to.deep.equal([inner]);
    const whole = 'a\r\n--b\r\n\r\nb';
    expect(found(`--b\r\nContent-Length: ${whole.length}\r\n\r\n${whole}\r\n--b--`, 'b')).to.deep.equal([whole]);
    // A length that is wrong is not believed.
    expect(found('--b\r\nContent-Length: 1\r\n\r\none\r\n--b--', 'b')).to.deep.equal(['one']);
  });

  test('a message that is cut anywhere has no parts', () => {
    const message = '--b\r\nA: 1\r\n\r\none\r\n--b--';
    for (let end = 0; end < message.length; end++) expect(found(message.slice(0, end), 'b'), `${end}`).to.equal(null);
  });

  test('parameters with and without quotes', () => {
    const type = 'multipart/related; type="application/dicom"; Boundary="a \\"b; c"; x=y';
    expect([parameterOf(type, 'boundary'), parameterOf(type, 'x'), parameterOf(type, 'z')]).to.deep.equal([
      'a "b; c',
      'y',
      null,
    ]);
  });

  test('what is written is read', () => {
    const { type, body } = messageOf('application/dicom', bytes('x\r\n--y'));
    const parts = partsOf(body, parameterOf(type, 'boundary') ?? '') ?? [];
    expect(parts.map((part) => [text(part.bytes), part.headers.get('content-type')])).to.deep.equal([
      ['x\r\n--y', 'application/dicom'],
    ]);
  });
});
