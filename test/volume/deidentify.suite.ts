import { expect } from 'chai';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { deidentifyFolder } from '../../src/volume/deidentify_folder.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { ascii, type El, type Grey, type Made } from '../dicom/dicom_maker.ts';
import { rleOf } from '../dicom/rle_maker.ts';
import { suite, test } from '../harness/registry.ts';
import { SECRETS, sliceFile } from './series_maker.ts';

const HIDDEN = [...SECRETS, 'Doe', 'Hospital', '19700131', 'secret', 'NOTE'];

/** What names a patient in all kinds of places. */
function secrets(uid: string): El[] {
  const person: El[] = [
    [0x00080090, 'PN', 'Doe^Doctor'],
    [0x00081155, 'UI', uid],
    [0x00090010, 'LO', 'secret maker'],
    [0x00091001, 'LO', 'secret'],
  ];
  return [
    [0x00080022, 'DA', '19700131'],
    [0x00080080, 'LO', 'Hospital'],
    [0x00081140, 'SQ', { items: [person] }],
    [0x00090010, 'LO', 'secret maker'],
    [0x00091002, 'SQ', { items: [person], open: true }],
    [0x00100030, 'DA', '19700131'],
    [0x00102160, 'SH', 'secret'],
    [0x00104000, 'LT', 'NOTE'],
    [0x00400275, 'SQ', { items: [[[0x00400007, 'LO', 'secret']], person], open: true }],
    [0x00880200, 'SQ', { items: [[[0x7fe00010, 'OB', ascii('secret')]]] }],
    [0x60000010, 'US', [2]],
    [0x60003000, 'OW', ascii('secretsecr')],
    [0xfffcfffc, 'OB', ascii('secret')],
  ];
}

function files(made: Partial<Made>, burned: string | null = null): [string, Uint8Array<ArrayBuffer>][] {
  return [0, 1, 2].map((z) => {
    // Each refers to the first.
    const more: El[] = [
      ...secrets('1.2.826.77.3.500000'),
      ...(burned === null ? [] : ([[0x00280301, 'CS', burned]] as El[])),
    ];
    return [`s/Doe^Jane/IM${z}.dcm`, sliceFile(z, { more, how: made as Made })];
  });
}

/** Places of two frames, and what else their groups may say. */
function twoFrames(): El[] {
  const frame = (z: number): El[] => [
    [
      0x00209111,
      'SQ',
      {
        items: [
          [
            [0x00189074, 'DT', '19700131'],
            [0x00189151, 'DT', '19700131'],
            [0x00209158, 'LT', 'NOTE'],
          ],
        ],
        open: true,
      },
    ],
    [0x00209113, 'SQ', { items: [[[0x00200032, 'DS', `1\\2\\${z}`]]] }],
    [0x20050010, 'LO', 'secret maker'],
    [0x20051001, 'SQ', { items: [[[0x00100010, 'PN', 'Doe^Jane']]] }],
  ];
  return [
    [0x52009229, 'SQ', { items: [[[0x00289110, 'SQ', { items: [[[0x00280030, 'DS', '0.5\\0.75']]] }]]] }],
    [0x52009230, 'SQ', { items: [frame(4), frame(7)] }],
  ];
}

async function copies(fs: MemoryFileSystem, salt?: string) {
  const result = await deidentifyFolder(fs, 's', 'out', { salt });
  const paths = [...fs.files.keys()].filter((path) => path.startsWith('out/')).sort();
  const bytes = await Promise.all(paths.map((path) => fs.readFile(path)));
  return { result, paths, bytes, copies: bytes.map((one) => DicomFile.read(one, 'copy')) };
}

suite('copies without names', () => {
  const writings: readonly (readonly [string, Partial<Made>])[] = [
    ['explicit', {}],
    ['implicit', { syntax: '1.2.840.10008.1.2', implicit: true }],
    ['big endian', { syntax: '1.2.840.10008.1.2.2', big: true }],
  ];
  for (const [name, made] of writings) {
    test(`${name}: nothing of the patient is left, pixels and places are, identifiers are mapped alike`, async () => {
      const fs = new MemoryFileSystem(files(made));
      const sources = await Promise.all([...fs.files.values()].map((bytes) => DicomFile.read(bytes, 'source')));
      const { result, paths, bytes, copies: found } = await copies(fs);
      expect([result.files, result.patients, result.series]).to.deep.equal([3, 1, 1]);
      const names = ['0001.dcm', '0002.dcm', '0003.dcm'].map((file) => `study-1/series-1/${file}`);
      expect(paths.map((path) => path.replace(/^out\/[^/]+\//, ''))).to.deep.equal(names);
      for (const one of [...paths, ...bytes.map((b) => new TextDecoder('latin1').decode(b))]) {
        for (const secret of HIDDEN) expect(one.includes(secret), secret).to.equal(false);
      }
      for (const [i, copy] of found.entries()) {
        expect([...(await copy.stored(0)).data]).to.deep.equal([...(await sources[i].stored(0)).data]);
        expect(copy.place(0)).to.deep.equal(sources[i].place(0));
        expect(copy.dataSet.string('patientId')).to.match(/^ANON-\d{10}$/);
        const [reference] = copy.dataSet.items(0x00081140);
        const uid = new TextDecoder().decode(reference.value(reference.elements.get(0x00081155)!)).replace(/\0$/, '');
        expect(uid).to.equal(found[0].dataSet.string('sopInstance'));
        const method = new TextDecoder().decode(copy.dataSet.value(copy.dataSet.elements.get(0x00120063)!));
        expect(method).to.include('Basic Profile').and.include('not searched');
        expect(copy.dataSet.items(0x00120064)[0].elements.size).to.equal(3);
      }
      expect(new Set(found.map(({ dataSet }) => dataSet.string('seriesUid'))).size).to.equal(1);
      expect(new Set(found.map(({ dataSet }) => dataSet.string('sopInstance'))).size).to.equal(3);
      const [volume] = (await collectVolumes(fs, 'out')).volumes;
      expect(volume.volume.shape).to.deep.equal([3, 2, 3]);
    });
  }

  test('compressed and enhanced: streams and offsets stay as they are, groups of frames name nobody', async (t) => {
    const { frames } = JSON.parse(new TextDecoder().decode(await t.fixture('dicom/codec_frames.json')));
    const jpeg = Uint8Array.from(atob(frames['lossless 1']), (letter) => letter.charCodeAt(0));
    const rle = [rleOf([1, 2, 3, 4, 5, 6]), rleOf([6, 5, 4, 3, 2, 700])];
    const offsets = new Uint8Array(Uint32Array.of(0, 8 + rle[0].length).buffer);
    const cases: readonly (readonly [string, Partial<Grey>, string, readonly El[]])[] = [
      ['RLE', { pixels: { parts: [new Uint8Array(0), rle[0]] } }, '1.2.840.10008.1.2.5', []],
      // Parts of one stream.
      [
        'JPEG',
        {
          columns: 16,
          rows: 12,
          stored: 12,
          pixels: { parts: [new Uint8Array(0), jpeg.slice(0, 100), jpeg.slice(100)] },
        },
        '1.2.840.10008.1.2.4.57',
        [],
      ],
      ['enhanced', { frames: 2, pixels: { parts: [offsets, ...rle] } }, '1.2.840.10008.1.2.5', twoFrames()],
    ];
    for (const [name, grey, syntax, groups] of cases) {
      const more = [...secrets('1.2.826.77.3.500000'), ...groups];
      const bytes = sliceFile(0, { grey: { signed: false, ...grey }, more, how: { syntax } });
      const fs = new MemoryFileSystem([['s/Doe^Jane/IM0.dcm', bytes]]);
      const source = DicomFile.read(bytes, 'source');
      const { bytes: written, copies: found } = await copies(fs);
      const letters = new TextDecoder('latin1').decode(written[0]);
      for (const secret of HIDDEN) expect(letters.includes(secret), `${name}: ${secret}`).to.equal(false);
      const [copy] = found;
      const streams = (file: DicomFile) =>
        file.dataSet.element('pixels')!.fragments!.map((part) => [...file.dataSet.value(part)]);
      expect(copy.syntax.uid, name).to.equal(syntax);
      expect(streams(copy), name).to.deep.equal(streams(source));
      for (let k = 0; k < (grey.frames ?? 1); k++) {
        expect([...(await copy.stored(k)).data], name).to.deep.equal([...(await source.stored(k)).data]);
        expect(copy.place(k), name).to.deep.equal(source.place(k));
      }
      expect((await copy.stored(0)).data.some(Boolean)).to.equal(true);
    }
  });

  test('what lies with the pixels goes: comments in streams, thumbnails, boxes, what follows a stream or the last frame, unused bits', async (t) => {
    const { frames } = JSON.parse(new TextDecoder().decode(await t.fixture('dicom/codec_frames.json')));
    const word = (n: number) => [(n >> 8) & 255, n & 255];
    const segment = (marker: number, content: Uint8Array) => [0xff, marker, ...word(content.length + 2), ...content];
    const note = ascii('secret NOTE');
    const inJpeg = (text: Uint8Array) => [0xfe, 0xe1, 0xe0, 0xed].flatMap((marker) => segment(marker, text));
    const adobe = (text: Uint8Array) =>
      segment(0xee, new Uint8Array([...ascii('Adobe'), 0, 100, 0, 0, 0, 0, 0, ...text]));
    const inJpeg2000 = (text: Uint8Array) => segment(0x64, new Uint8Array([0, 1, ...text]));
    const box = (text: Uint8Array) => [0, 0, 0, 8 + text.length, ...ascii('xml '), ...text];
    const cases: readonly (readonly [string, string, Partial<Grey>, number, (text: Uint8Array) => number[]])[] = [
      ['lossless 1', '57', { stored: 12 }, 2, inJpeg],
      ['baseline 8', '50', { allocated: 8 }, 2, (text) => [...inJpeg(text), ...adobe(text)]],
      ['jpeg-ls 12', '80', { stored: 12 }, 2, inJpeg],
      // Behind the header of sizes, which comes first.
      ['jpeg 2000 12', '90', { stored: 12 }, 51, inJpeg2000],
      ['htj2k 16', '201', {}, -1, inJpeg2000],
      ['jp2 12', '90', { stored: 12 }, 12, box],
    ];
    for (const [name, syntax, header, place, comments] of cases) {
      const added = comments(note);
      const stream = [...atob(frames[name])].map((letter) => letter.charCodeAt(0));
      // Behind the sizes of this stream: their marker is the second.
      const at = place >= 0 && name !== 'jpeg 2000 12' ? place : 4 + 256 * stream[4] + stream[5];
      const jp2 = name === 'jp2 12';
      const whole = new Uint8Array([...stream.slice(0, at), ...added, ...stream.slice(at), ...(jp2 ? [] : note)]);
      const cut = Math.floor(whole.length / 4) * 2;
      const parts = [new Uint8Array(0), whole.slice(0, cut), whole.slice(cut)];
      const grey: Partial<Grey> = { columns: 16, rows: 12, signed: false, ...header, pixels: { parts } };
      const bytes = sliceFile(0, { grey, how: { syntax: `1.2.840.10008.1.2.4.${syntax}` } });
      const { result, bytes: written, copies: found } = await copies(new MemoryFileSystem([['s/IM0.dcm', bytes]]));
      const letters = new TextDecoder('latin1').decode(written[0]);
      for (const secret of HIDDEN) expect(letters.includes(secret), `${name}: ${secret}`).to.equal(false);
      const { dataSet } = found[0];
      const joined = dataSet.element('pixels')!.fragments!.flatMap((part) => [...dataSet.value(part)]);
      const blank = comments(new Uint8Array(note.length));
      expect(joined.slice(at, at + added.length), name).to.deep.equal(blank);
      const source = DicomFile.read(bytes, 'source');
      expect([...(await found[0].stored(0)).data], name).to.deep.equal([...(await source.stored(0)).data]);
      expect(result.notes.join(), name).not.to.include('was not searched');
    }
    for (const how of [{}, { syntax: '1.2.840.10008.1.2.2', big: true }]) {
      const pixels = Array.from(ascii('secret NOTE '), (letter) => letter << 12).slice(0, 6);
      const grey = { stored: 12, pixels: [...pixels.map((bits, i) => bits | i), ...ascii('secretsecret')] };
      const bytes = sliceFile(0, { grey, how });
      const { bytes: written, copies: found } = await copies(new MemoryFileSystem([['s/IM0.dcm', bytes]]));
      expect([...(await found[0].stored(0)).data]).to.deep.equal([0, 1, 2, 3, 4, 5]);
      const own = found[0].dataSet.element('pixels')!;
      expect(own.length).to.equal(12);
      const top = how.big
        ? written[0].slice(-12).filter((_, i) => i % 2 === 0)
        : written[0].slice(-11).filter((_, i) => i % 2 === 0);
      expect([...top]).to.deep.equal([0, 0, 0, 0, 0, 0]);
    }
  });

  test('packed pictures that are not understood are named', async () => {
    const grey = { allocated: 8, pixels: { parts: [new Uint8Array(0), ascii('secret stream ')] } };
    const bytes = sliceFile(0, { grey, how: { syntax: '1.2.840.10008.1.2.4.50' } });
    const { result, paths } = await copies(new MemoryFileSystem([['s/IM0.dcm', bytes]]));
    expect(result.notes.join('\n'))
      .to.include(`1 file may hold comments in packed pictures`)
      .and.include(paths[0].slice(4));
  });

  test('burned-in annotation is warned of, and what was left out is told; pixels are said not to be searched', async () => {
    const fs = new MemoryFileSystem(files({}, 'YES'));
    await fs.writeFile('s/Doe/notes.txt', 'Doe');
    await fs.writeFile('s/broken', sliceFile(9).slice(0, 300));
    const { result } = await copies(fs);
    const notes = result.notes.join('\n');
    expect(notes).to.include('pixels were not searched').and.include('warning: 3 files may show who the patient is');
    expect(notes).to.include('1 file that are no DICOM');
    expect(notes).to.match(/1 DICOM file that cannot be read: file [0-9a-f]{8} \(data check --names says which\)/);
    for (const secret of HIDDEN) expect(notes.includes(secret), secret).to.equal(false);
    await expectFailure('usage', [/is there already/], () => deidentifyFolder(fs, 's', 'out'));
    await expectFailure('bad_data', [/holds no DICOM picture/], () => deidentifyFolder(fs, 's/Doe', 'o2'));
    await expectFailure('usage', [/lies within the folder that is copied/], () => deidentifyFolder(fs, 's/', 's/out'));
  });

  test('without a number each study is of somebody else', async () => {
    const more = (study: string): El[] => [[0x0020000d, 'UI', study]];
    const fs = new MemoryFileSystem(
      ['1.2.3', '1.2.3', '1.2.4'].map((study, i) => [`s/${i}`, sliceFile(i, { patient: '', more: more(study) })]),
    );
    expect((await deidentifyFolder(fs, 's', 'out')).patients).to.equal(2);
  });

  test('one salt gives the same identifiers again, another one others', async () => {
    const uids = async (salt?: string) =>
      (await copies(new MemoryFileSystem(files({})), salt)).copies.map(({ dataSet }) => dataSet.string('sopInstance'));
    expect(await uids('a')).to.deep.equal(await uids('a'));
    expect(await uids('a')).not.to.deep.equal(await uids('b'));
    expect(await uids()).not.to.deep.equal(await uids());
  });
});
