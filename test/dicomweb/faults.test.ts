import { expect, test } from 'vitest';
import { DicomWebServer } from '../../src/dicomweb/server.ts';
import { storeObjects } from '../../src/dicomweb/store.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { failure } from '../hub/failure.ts';
import { sliceFile } from '../volume/series_maker.ts';
import { address, own, pacs, STUDY, server, study, volumesAt, web } from './fixture.ts';
import { FAULTS, type Fault, Pacs } from './pacs.ts';

test('what breaks off is tried again: status 503 twice, a cut connection, an answer that ends too early', async () => {
  pacs.faults.push({ of: /series$/, fault: FAULTS.status(503) }, { of: /series$/, fault: FAULTS.status(429) });
  pacs.faults.push({ of: /instances\//, fault: FAULTS.cut }, { of: /instances\//, fault: FAULTS.short });
  expect((await volumesAt(address()))[0].shape).toEqual([3, 2, 5]);
  expect(pacs.faults).toEqual([]);
  for (let i = 0; i < 9; i++) pacs.faults.push({ of: /series$/, fault: FAULTS.status(503) });
  expect((await failure(volumesAt(address()))).message).toMatch(/status 503/);
});

test('a server that asks to be left alone is, and what is to be stored goes to no other one', async () => {
  const waits: number[] = [];
  const said: string[] = [];
  const patient = {
    ...web(pacs.root),
    pause: async (_: number, milliseconds: number) => void waits.push(milliseconds),
    say: (text: string) => void said.push(text),
  };
  const asksFor = (status: number, after: string) => ({
    of: /series$/,
    fault: ((response) => response.writeHead(status, { 'retry-after': after }).end()) as Fault,
  });
  pacs.faults.push(asksFor(503, '20'), asksFor(429, '0'));
  expect((await new DicomWebServer(patient).find(study())).length).toBe(5);
  expect(waits).toEqual([20_000, 1000]);
  expect(said).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+ answers with status 503 and asks for 20 s/)]);
  pacs.faults.push(asksFor(429, '7300'));
  expect((await failure(new DicomWebServer(patient).find(study()))).message).toMatch(/left alone for 3 hours; give/);
  const other = await new Pacs().listen();
  try {
    for (const status of [302, 307, 308]) {
      const fault: Fault = (response) => response.writeHead(status, { location: `${other.root}/studies` }).end();
      pacs.faults.push({ of: /^POST/, fault });
      const sent = server().send(sliceFile(50), null, 'it');
      expect((await failure(sent)).message).toMatch(/leads what is sent to http:\S+; use that address/);
    }
    expect(other.take()).toEqual([]);
    const within: Fault = (response) => response.writeHead(307, { location: `${pacs.root}/studies` }).end();
    pacs.faults.push({ of: /^POST/, fault: within });
    await server().send(sliceFile(50), null, 'it');
    expect(pacs.objects.length).toBe(6);
  } finally {
    await other.close();
  }
});

test('a server that goes on and on is left, whatever was asked', async () => {
  const limits = { found: 4, text: 100_000, object: 200_000 };
  const limited = new DicomWebServer(web(pacs.root), limits);
  expect((await failure(limited.find(study()))).message).toMatch(/finds more than 4 of what was searched for/);
  const place = { study: STUDY, series: '1.2', instance: '1.2.3' };
  for (const [most, ask] of [
    [limits.text, () => limited.find(study())],
    [limits.object, () => limited.fetch(place, 'an object')],
    [limits.text, () => limited.send(new Uint8Array(10), null, 'an object')],
  ] as const) {
    pacs.faults.push({ of: /./, fault: FAULTS.endless });
    expect((await failure(ask())).message).toContain(`answers with more than ${most} bytes`);
  }
});

test('a connection that breaks is told without the address, as runtimes tell it', async () => {
  const path = 'studies/1.2.826.77.1/series?PatientID=MRN-4711&limit=1';
  let asked = 0;
  const broken = async (): Promise<Response> => {
    if (asked++ === 0) return new Response(null, { status: 503 });
    const cause = `error sending request from 127.0.0.1:5 for ${pacs.root}/${path} (127.0.0.1:6): client error (SendRequest): closed`;
    throw new TypeError('fetch failed', { cause: new Error(cause) });
  };
  const round = async () => new Response(null, { status: 302, headers: { location: `${pacs.root}/${path}` } });
  for (const [fetch, reason] of [
    [broken, /breaks off again and again \(closed\)/],
    [round, /redirects more than 10 times/],
  ] as const) {
    const { message } = await failure(new DicomWebServer({ ...web(pacs.root), fetch }).find(study()));
    expect(message).toMatch(reason);
    expect(message).not.toMatch(/4711|1\.2\.826/);
  }
});

test('what is stored is looked for: a server that says 200 and stores nothing is found out', async () => {
  const fs = new MemoryFileSystem([
    ['a.dcm', sliceFile(50)],
    ['b.dcm', sliceFile(51)],
  ]);
  const store = () => storeObjects(fs, server(), study(), ['a.dcm', 'b.dcm']);
  pacs.faults.push({ of: /^POST/, fault: FAULTS.status(503) }, { of: /^POST/, fault: FAULTS.status(503) });
  pacs.faults.push({ of: /^POST/, fault: (_, serve) => serve() }, { of: /^POST/, fault: FAULTS.storesNothing });
  expect((await failure(store())).message).toMatch(/says that it has stored object 2 of 2, and does not have it/);
  expect(pacs.objects.length).toBe(6);
  // The same call goes on: the first is there.
  expect(await store()).toEqual({ stored: 1, there: 1 });
  expect(pacs.objects.length).toBe(7);
  // What is there has other pixels under the same identifier.
  const other = new MemoryFileSystem([['a.dcm', sliceFile(50, { grey: { pixels: [9, 9, 9, 9, 9, 9] } })]]);
  expect((await failure(storeObjects(other, server(), { study: null }, ['a.dcm']))).message).toMatch(
    /does not have it/,
  );
});

test('what a server refuses is told with its reason, and nothing is stored with another study', async () => {
  const fs = new MemoryFileSystem([
    ['a.dcm', sliceFile(50)],
    ['Doe^Jane.dcm', sliceFile(51)],
    ['Doe^Jane', new Uint8Array(9)],
  ]);
  const refuses = (status: number): (typeof pacs.faults)[number] => ({
    of: /^POST/,
    fault: (response) => {
      const body = '{"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[272]}}]}}';
      response.writeHead(status, { 'content-type': 'application/dicom+json' }).end(body);
    },
  });
  for (const status of [200, 202, 409]) {
    pacs.faults.push(refuses(status));
    const { message } = await failure(storeObjects(fs, server(), study(), ['a.dcm']));
    expect(message).toMatch(new RegExp(`does not take object 1 of 1 \\(status ${status}, reason 0110\\)`));
  }
  for (const path of ['Doe^Jane.dcm', 'Doe^Jane']) {
    const { message } = await failure(storeObjects(fs, server(), { study: '1.2' }, [path]));
    expect(message).toMatch(/^file [0-9a-f]{8}.*(another study|no DICOM file)/);
    expect(message).not.toMatch(/Doe/);
  }
});

test('a status of a server is told with what it means for what was asked', async () => {
  const fs = new MemoryFileSystem([['a.dcm', sliceFile(50)]]);
  const told = async (of: RegExp, status: number) => {
    pacs.faults.push({ of, fault: FAULTS.status(status) });
    const work = of.source === '^POST' ? storeObjects(fs, server(), study(), ['a.dcm']) : volumesAt(address());
    const { code, message } = await failure(work);
    expect(code).toBe('io');
    expect(message).toContain(`status ${status}`);
    return message;
  };
  expect(await told(/series$/, 400)).toMatch(/what is searched for/);
  expect(await told(/series$/, 406)).toMatch(/application\/dicom\+json; ask/);
  expect(await told(/series$/, 418)).toMatch(/check the address/);
  expect(await told(/series$/, 403)).toMatch(/wants a token/);
  own.token = 'good';
  expect(await told(/series$/, 403)).toMatch(/right to read/);
  expect(await told(/instances\//, 406)).toMatch(/transfer syntax that they have there; .*export/);
  expect(await told(/^POST/, 403)).toMatch(/right to store/);
  expect(await told(/^POST/, 404)).toMatch(/stores nothing at that address/);
  expect(await told(/^POST/, 413)).toMatch(/larger than it/);
  expect(await told(/^POST/, 415)).toMatch(/which ones/);
  expect(await told(/^POST/, 507)).toMatch(/storage is full/);
});
