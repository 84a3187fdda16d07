import { expect, test } from 'vitest';
import { FusionclipError } from '../../src/base/errors.ts';
import { joinPath } from '../../src/base/paths.ts';
import { parseDicomWeb } from '../../src/dicomweb/address.ts';
import { fetchCopies } from '../../src/dicomweb/fetch_copies.ts';
import { dicomWebOf, storeWebOf } from '../../src/dicomweb/network.ts';
import { DicomWebServer } from '../../src/dicomweb/server.ts';
import { storeObjects } from '../../src/dicomweb/store.ts';
import { withDicomWeb } from '../../src/dicomweb/study_files.ts';
import { type BridgeFailure, relayedFetch, type Start } from '../../src/host/bridge.ts';
import { BridgeServer } from '../../src/launch/bridge_server.ts';
import { isFinal, isOfInput } from '../../src/shards/again.ts';
import type { Input } from '../../src/shards/input.ts';
import { listInputs, listsVolumes } from '../../src/shards/list_inputs.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { isVolumePath } from '../../src/volume/to_score.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { failure } from '../hub/failure.ts';
import { SECRETS, sliceFile } from '../volume/series_maker.ts';
import { address, own, pacs, STUDY, server, study, volumesAt, web } from './fixture.ts';
import { FAULTS } from './pacs.ts';

/** What a page does that a launcher with this environment has opened. */
async function throughBridge(env: Record<string, string>) {
  const start = { args: [], env: {}, isTerminal: false, columns: null };
  const bridge = new BridgeServer('.', start, { output() {}, exit() {}, lost() {} }, env);
  const root = (await bridge.listen()).replace('index.html', 'bridge/');
  const addresses: string[] = [];
  const ask = (name: string, body?: Blob, signal?: AbortSignal) => {
    addresses.push(name);
    return fetch(root + name, { method: 'POST', body, signal });
  };
  const seen = { addresses, start: (await (await ask('start')).json()) as Start };
  const dicomWebFetch = relayedFetch(async (message, signal) => {
    const answer = await ask('relay', message, signal);
    if (answer.ok) return answer;
    const { code, message: text } = (await answer.json()) as BridgeFailure;
    throw code ? new FusionclipError(code, text) : new Error(text);
  });
  const host = { env: (name: string) => seen.start.env[name], dicomWebFetch };
  const serverFor = (webOf: typeof dicomWebOf) =>
    new DicomWebServer({ ...webOf(host)(pacs.root), patience: 2000, pause: async () => {} });
  return { seen, serverFor, close: () => bridge.close() };
}

test('a study is a folder: its slices are found, fetched once, and ordered', async () => {
  pacs.boundary = "-- odd'()+_,./:=? one";
  const [volume] = await volumesAt(address());
  expect(volume.shape).toEqual([3, 2, 5]);
  const slice = await volume.slice(3);
  expect(slice.kind === 'grey' && slice.values[0]).toBe(3);
  const fetched = pacs.take().filter((what) => /instances\//.test(what));
  expect([fetched.length, new Set(fetched).size]).toEqual([5, 5]);
});

test('what is beyond the bound of memory is fetched again, and no more is kept', async () => {
  const { length } = sliceFile(0);
  const [volume] = await volumesAt(address(), 2 * length);
  pacs.take();
  for (let k = 0; k < 5; k++) await volume.slice(k);
  expect(pacs.take().length).toBeGreaterThanOrEqual(3);
  for (const k of [0, 1]) await volume.slice(k);
  expect(pacs.take()).toEqual([]);
});

test('a search finds studies, also where the server gives a few at a time', async () => {
  pacs.page = 2;
  pacs.add(sliceFile(9, { patient: 'other', series: '1.2.826.77.4', instance: '1.2.826.77.5' }));
  const found = await server().find(parseDicomWeb(address('/studies?PatientID=MRN-4711')));
  expect(found.length).toBe(6);
  expect(new Set(found.map(({ series }) => series)).size).toBe(2);
  expect((await server().find(parseDicomWeb(address(`/studies/${STUDY}/series/1.2.826.77.4`)))).length).toBe(1);
  for (const other of ['/studies?PatientID=nobody', '/studies/1.2.3', `/studies/${STUDY}/series/9.9`]) {
    expect((await failure(server().find(parseDicomWeb(address(other))))).message).toMatch(/does not have/);
  }
  expect((await failure(server().find(parseDicomWeb(address(''))))).message).toMatch(/name a study/);
});

test('an archive of studies: each is an input of its patient, nothing is fetched, and memory is given back', async () => {
  pacs.page = 1;
  const more = (patient: string, study: string) =>
    sliceFile(1, { patient, series: `${study}.1`, instance: `${study}.2`, more: [] });
  const other = (bytes: Uint8Array, study: string) => {
    pacs.add(bytes);
    Object.assign(pacs.objects.at(-1)!, { study });
  };
  other(more('MRN-4711', '1.2.9'), '1.2.9');
  other(more('MRN-9', '1.2.8'), '1.2.8');
  const fs = withDicomWeb(new MemoryFileSystem([]), web, 2000);
  const list = async (source: string, group: string | null = null) => {
    const request = { sources: [source], columns: { path: null, patient: null }, group, root: null, webOf: web };
    expect(await listsVolumes(fs, [source])).toBe(true);
    const found: Input[] = [];
    for await (const block of listInputs(fs, request)) found.push(...block);
    return found;
  };
  const all = await list(address('/studies'));
  expect(all.map(({ path, images }) => [path, images])).toEqual([
    [address(), 5],
    [address('/studies/1.2.9'), 1],
    [address('/studies/1.2.8'), 1],
  ]);
  const [a, b, c] = all.map(({ patient }) => patient);
  expect([a === b, a === c, a.length]).toEqual([true, false, 20]);
  expect((await list(address('/studies?PatientID=MRN-9'))).map(({ path }) => path)).toEqual([all[2].path]);
  expect(await list(address('/studies/1.2.9/series/1.2.9.1'))).toEqual([
    { ...all[1], path: address('/studies/1.2.9/series/1.2.9.1') },
  ]);
  expect(pacs.take().filter((what) => /instances/.test(what))).toEqual([]);
  expect((await failure(list(address('/studies/9.9')))).message).toMatch(/does not have that study/);
  expect((await failure(list(address('/studies'), 'folder'))).message).toMatch(/^--group goes by paths/);
  pacs.token = 'Bearer x';
  const refused = await failure(list(address('/studies')));
  expect([refused.message.includes('wants a token'), isFinal(refused), isOfInput(refused)]).toEqual([
    true,
    false,
    false,
  ]);
  pacs.token = null;
  // What was read of one study leaves room for the next.
  const names = (await fs.list(all[0].path)).map(({ name }) => name);
  const readAll = async () => {
    for (const name of names) await fs.readFile(`${all[0].path}/${name}`);
    return pacs.take().filter((what) => /instances\//.test(what)).length;
  };
  const [first, again] = [await readAll(), await readAll()];
  fs.forget!(all[0].path);
  await Promise.resolve();
  expect([first, again < 5, await readAll()]).toEqual([5, true, 5]);
});

test('the token goes to its server, and one that is refused is not part of the message', async () => {
  pacs.token = 'Bearer s3cret';
  expect((await failure(server().find(study()))).message).toMatch(/wants a token .*DICOMWEB_TOKEN/);
  own.token = 'wr0ng';
  const { message } = await failure(server().find(study()));
  expect(message).toMatch(/refuses the token \(status 401\)/);
  expect(message).not.toMatch(/wr0ng/);
  own.token = ' s3cret\n';
  expect((await server().find(study())).length).toBe(5);
  pacs.token = 'Basic YTpi';
  own.token = 'Basic YTpi';
  expect((await server().find(study())).length).toBe(5);
});

test('a token that no request can carry is refused at once, by its variable, and is in no message', async () => {
  pacs.token = 'Bearer s3cret';
  const { serverFor, close } = await throughBridge({ DICOMWEB_TOKEN: 's3cret\nmore' });
  try {
    for (const wrong of ['s3cret\nmore', 'Bearer s3cret\u200b', 'Basic s3crét']) {
      own.token = wrong;
      for (const one of [server(), serverFor(dicomWebOf)]) {
        const { code, message } = await failure(one.find(study()));
        expect([code, message]).toEqual(['usage', expect.stringMatching(/^DICOMWEB_TOKEN holds what no token has/)]);
        expect(message).not.toMatch(/s3cr/);
      }
    }
    expect(pacs.take()).toEqual([]);
  } finally {
    await close();
  }
});

test('the token of the images does not go to another server that stores the results', () => {
  const env = (name: string) => ({ DICOMWEB_TOKEN: 'one' })[name];
  const both = (name: string) => ({ DICOMWEB_TOKEN: 'one', DICOMWEB_STORE_TOKEN: 'two' })[name];
  expect(storeWebOf({ env }, ['https://a.example/x'])('https://a.example/y').token).toBe('one');
  expect(storeWebOf({ env }, ['https://a.example/x'])('https://b.example/y').token).toBe(undefined);
  expect(storeWebOf({ env }, [])('https://b.example/y').token).toBe('one');
  expect(storeWebOf({ env: both }, ['https://a.example/x'])('https://a.example/y').token).toBe('two');
});

test('who has to give a token for another server is told of the variable that is sent there', async () => {
  pacs.token = 'Bearer s3cret';
  const env = (name: string) => ({ DICOMWEB_TOKEN: 's3cret' })[name];
  const refusal = async (from: string) => {
    const elsewhere = new DicomWebServer(storeWebOf({ env }, [from])(pacs.root));
    return storeObjects(new MemoryFileSystem([['a.dcm', sliceFile(1)]]), elsewhere, { study: null }, ['a.dcm']);
  };
  expect((await failure(refusal('https://images.example'))).message).toMatch(/into DICOMWEB_STORE_TOKEN\.$/);
  expect(await refusal(pacs.root)).toEqual({ stored: 0, there: 1 });
});

test('a page asks through its launcher: it has no token, and what its server does is what the page sees', async () => {
  const { seen, serverFor, close } = await throughBridge({
    DICOMWEB_TOKEN: ' s3cret\n',
    DICOMWEB_STORE_TOKEN: 'Basic YTpi',
  });
  try {
    expect(JSON.stringify(seen.start)).not.toMatch(/s3cret|YTpi/);
    pacs.token = 'Bearer s3cret';
    expect((await serverFor(dicomWebOf).find(parseDicomWeb(address('/studies?PatientID=MRN-4711')))).length).toBe(5);
    pacs.faults.push({ of: /series$/, fault: FAULTS.status(503) }, { of: /series$/, fault: FAULTS.cut });
    pacs.faults.push({ of: /instances\//, fault: FAULTS.short }, { of: /instances\//, fault: FAULTS.cut });
    const [place] = await serverFor(dicomWebOf).find(study());
    expect(await serverFor(dicomWebOf).fetch(place, 'it')).toEqual(sliceFile(0));
    expect(pacs.faults).toEqual([]);
    pacs.token = 'Basic YTpi';
    expect((await failure(serverFor(dicomWebOf).find(study()))).message).toMatch(/refuses the token \(status 401\)/);
    const more = sliceFile(7);
    await serverFor((host) => storeWebOf(host, [])).send(more, STUDY, 'it');
    expect(pacs.objects.at(-1)?.bytes).toEqual(more);
    expect(seen.addresses.join(' ')).not.toMatch(/MRN|s3cret|dicom-web/);
    expect(pacs.tokens.join(' ')).not.toContain(seen.start.env.DICOMWEB_TOKEN);
    const [gone, known] = [serverFor(dicomWebOf), study()];
    await pacs.close();
    expect((await failure(gone.find(known))).message).toMatch(/ECONNREFUSED/);
  } finally {
    await close();
  }
});

test('no message names a patient or a study', async () => {
  const messages: string[] = [];
  const of = async (work: Promise<unknown>) => messages.push((await failure(work)).message);
  pacs.missing = 1;
  await of(server().find(study()));
  expect(messages[0]).toMatch(/says that a series has 6 objects and names 5/);
  pacs.missing = 0;
  pacs.faults.push({ of: /series$/, fault: FAULTS.page }, { of: /series$/, fault: FAULTS.status(400) });
  await of(server().find(study()));
  await of(server().find(study()));
  for (let i = 0; i < 9; i++) pacs.faults.push({ of: /instances\//, fault: FAULTS.cut });
  await of(volumesAt(address()));
  await of(volumesAt(address('/studies?PatientName=Doe^Jane&PatientID=MRN-4711x')));
  for (const text of [
    '/studies/MRN-4711',
    '/studies/1.2.826.77.1?PatientID=MRN-4711',
    '/studies/1.2.826.77.1/series/Doe^Jane',
    '/studies/1.2.826.77.1/series',
    '/studies/1.2.826.77.1/series/1.2.826.77.4/instances/1.2.826.77.5',
    '?PatientID=MRN-4711',
  ]) {
    await of((async () => parseDicomWeb(address(text)))());
  }
  await of((async () => parseDicomWeb('dicomweb:http://pacs.example/studies/1.2.826.77.1'))());
  await of((async () => parseDicomWeb('dicomweb:https://u:p@pacs.example/studies/1.2.826.77.1'))());
  await of((async () => parseDicomWeb('dicomweb:Doe^Jane'))());
  for (const forgotten of [`/studies/${STUDY}`, '/studies?PatientID=MRN-4711']) {
    await of(isVolumePath(withDicomWeb(new MemoryFileSystem([]), web), address(forgotten).replace('dicomweb:', '')));
    expect(messages.at(-1)).toMatch(/has dicomweb: before it/);
  }
  expect(
    await isVolumePath(
      withDicomWeb(new MemoryFileSystem([]), web),
      address()
        .toUpperCase()
        .replace('HTTP', 'http')
        .replace(/\/DICOM-WEB.*/, (path) => path.toLowerCase()),
    ),
  ).toBe(true);
  for (const message of messages) for (const secret of SECRETS) expect(message).not.toContain(secret);
  expect(messages.join(' ')).toMatch(/use https/);
});

test('copies: what is there is not fetched again, and what broke off goes on', async () => {
  const fs = new MemoryFileSystem([]);
  for (let i = 0; i < 9; i++) pacs.faults.push({ of: /instances\/1.2.826.77.3.502000$/, fault: FAULTS.cut });
  await failure(fetchCopies(fs, server(), study(), 'out'));
  pacs.faults.length = 0;
  pacs.take();
  expect(await fetchCopies(fs, server(), study(), 'out')).toEqual({ fetched: 3, there: 2 });
  expect(pacs.take().filter((what) => /instances\//.test(what)).length).toBe(3);
  expect((await collectVolumes(fs, 'out')).volumes[0].volume.shape).toEqual([3, 2, 5]);
});

test('an address can only be read, and stays one when something is joined to it', async () => {
  const fs = withDicomWeb(new MemoryFileSystem([]), web);
  expect(joinPath(address(), 'a', 'b')).toBe(`${address()}/a/b`);
  expect((await fs.stat(address()))?.kind).toBe('directory');
  expect(await fs.stat(joinPath(address(), 'good'))).toBe(null);
  expect((await failure(fs.writeFile(`${address()}/x`, 'x'))).message).toMatch(/can only be read/);
});
