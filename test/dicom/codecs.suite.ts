import { expect } from 'chai';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { suite, test } from '../harness/registry.ts';
import { dicom, type Grey, picture } from './dicom_maker.ts';

const PREFIX = '1.2.840.10008.1.2.4.';
const [width, height] = [16, 12];

function values(at: (x: number, y: number) => number): number[] {
  return Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
}

const g8 = values((x, y) => (x * 9 + y * 13 + x * y) & 0xff);
const g12 = values((x, y) => (x * 37 + y * 101 + x * y * 5) & 0xfff);
const g16 = values((x, y) => (x * 3701 + y * 1013 + x * y * 77) & 0xffff);
const rgb = g8.flatMap((v) => [v, 255 - v, v >> 1]);

/** Every stream, the end of its transfer syntax, its header, and what it holds. */
const EXACT: readonly (readonly [string, string, Partial<Grey>, readonly number[]])[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((p) => [`lossless ${p}`, '57', { stored: 12 }, g12] as const),
  ['lossless 16', '70', {}, g16],
  ['lossless rgb', '70', { allocated: 8, samples: 3 }, rgb],
  ['jpeg-ls 8', '80', { allocated: 8 }, g8],
  ['jpeg-ls 12', '80', { stored: 12 }, g12],
  ['jpeg-ls rgb', '80', { allocated: 8, samples: 3 }, rgb],
  ['jpeg 2000 12', '90', { stored: 12 }, g12],
  ['jpeg 2000 signed', '90', { signed: true }, g12.map((v) => v - 2048)],
  ['jpeg 2000 rgb', '90', { allocated: 8, samples: 3, photometric: 'YBR_RCT' }, rgb],
  ['jp2 12', '90', { stored: 12 }, g12],
  ['htj2k 16', '201', {}, g16],
];

suite('DICOM: codecs', () => {
  test('lossless streams of other programs come out to the bit', async (t) => {
    const { frames } = await load(t);
    for (const [name, syntax, header, expected] of EXACT) {
      const file = fileOf(frames[name], syntax, header);
      expect(Array.from((await file.stored()).data), name).to.deep.equal(expected);
    }
  });

  test('signed values in streams that know no signs get theirs', async (t) => {
    const { frames } = await load(t);
    const signed = g12.map((v) => (v > 2047 ? v - 4096 : v));
    for (const [name, syntax] of [
      ['lossless 1', '57'],
      ['jpeg-ls 12', '80'],
      ['jpeg 2000 12', '90'],
    ]) {
      const file = fileOf(frames[name], syntax, { stored: 12, signed: true });
      expect(Array.from((await file.stored()).data), name).to.deep.equal(signed);
    }
  });

  test('lossy streams of 8 bits are those of libjpeg to the bit, of 12 bits within one level', async (t) => {
    const { frames, lossy } = await load(t);
    for (const [name, syntax, header, levels] of [
      ['extended 12', '51', { stored: 12 }, 1],
      ['baseline 8', '50', { allocated: 8 }, 0],
      ['baseline 444', '50', { allocated: 8, samples: 3, photometric: 'YBR_FULL' }, 0],
      ['baseline 422', '50', { allocated: 8, samples: 3, photometric: 'YBR_FULL_422' }, 0],
    ] as const) {
      const { data } = await fileOf(frames[name], syntax, header).stored();
      for (const [i, value] of lossy[name].entries()) expect(data[i], `${name} ${i}`).to.be.closeTo(value, levels);
    }
  });

  test('a stream of another size than its file says, and one that is cut short, are refused', async (t) => {
    const { frames } = await load(t);
    const failure = async (file: DicomFile): Promise<string> => {
      try {
        await file.stored();
        return 'read';
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const [name, syntax, header] of EXACT) {
      expect(await failure(fileOf(frames[name], syntax, { ...header, columns: 17 })), name).to.contain('is damaged');
      const short = frames[name].slice(0, frames[name].length >> 1);
      expect(await failure(fileOf(short, syntax, header)), name).to.contain('is damaged');
      const head = frames[name].slice(0, 30);
      expect(await failure(fileOf(head, syntax, header)), name).to.contain('is damaged');
    }
  });
});

async function load(t: { fixture(path: string): Promise<Uint8Array> }) {
  const { frames, lossy } = JSON.parse(new TextDecoder().decode(await t.fixture('dicom/codec_frames.json'))) as {
    frames: Record<string, string>;
    lossy: Record<string, number[]>;
  };
  const decoded = Object.entries(frames).map(([name, text]) => [
    name,
    Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
  ]);
  return { frames: Object.fromEntries(decoded) as Record<string, Uint8Array>, lossy };
}

function fileOf(stream: Uint8Array, syntax: string, header: Partial<Grey>): DicomFile {
  const grey = { columns: width, rows: height, ...header, pixels: { parts: [new Uint8Array(0), stream] } };
  return DicomFile.read(dicom(picture(grey), { syntax: PREFIX + syntax }), 'made.dcm');
}
