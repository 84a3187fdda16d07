/**
 * `npm run orthanc [-- --keep DIR]`: a round trip through a real Orthanc server (Debian: `apt-get install orthanc orthanc-dicomweb`), which is
 * started on loopback with a password and ended with the script. Phantom series are stored, found, checked, predicted by `dicomweb:`, and give
 * the scores of the same files on the disk; results are stored, found there and read back; the server is planned and scored as an archive, and
 * trained on; single images go the same way. Ends with exit code 1 where anything differs.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { main } from '../src/cli/main.ts';
import { DicomFile } from '../src/dicom/dicom_file.ts';
import { sequence } from '../src/dicom/write/items.ts';
import { encodeDicom } from '../src/dicom/write.ts';
import { createNodeHost } from '../src/host/node.ts';
import { useDriver } from '../src/launch/own_process.ts';
import { filmsTrip } from './orthanc_films.ts';

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const PROGRAM = '/usr/sbin/Orthanc';
const PACKED = join(import.meta.dirname!, '..', 'bin', 'fusionclip.mjs');
const BEFORE = { ...process.env };
const PASSWORD = crypto.randomUUID();

const keep = process.argv[process.argv.indexOf('--keep') + 1];
const folder = process.argv.includes('--keep') ? keep : mkdtempSync(join(tmpdir(), 'fusionclip-orthanc-'));
let failed = 0;

function check(what: string, right: boolean, more: unknown = ''): void {
  console.log(`${right ? 'ok  ' : 'FAIL'}  ${what}${right || more === '' ? '' : `: ${JSON.stringify(more)}`}`);
  if (!right) failed++;
}

/** Runs a command in this process. */
async function fusionclip(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main({
    ...createNodeHost({ args }),
    ownModels: join(import.meta.dirname!, '..', 'models'),
    isTerminal: false,
    stdout: (text) => {
      said.out += text;
    },
    stderr: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the server and waits until it answers. */
async function startOrthanc(port: number): Promise<ChildProcess> {
  const storage = join(folder, 'orthanc');
  mkdirSync(storage, { recursive: true });
  const config = {
    ...{ Name: 'fusionclip', HttpPort: port, DicomServerEnabled: false, RemoteAccessAllowed: false },
    ...{ StorageDirectory: storage, IndexDirectory: storage, Plugins: [PLUGIN] },
    ...{ AuthenticationEnabled: true, RegisteredUsers: { tester: PASSWORD } },
    DicomWeb: { Enable: true, Root: '/dicom-web/' },
  };
  writeFileSync(join(folder, 'orthanc.json'), JSON.stringify(config));
  const server = spawn(PROGRAM, [join(folder, 'orthanc.json')], { stdio: ['ignore', 'ignore', 'ignore'] });
  const authorization = `Basic ${btoa(`tester:${PASSWORD}`)}`;
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/system`, { headers: { authorization } }).catch(() => null);
    const ok = answer?.ok;
    await answer?.body?.cancel();
    if (ok) return server;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  server.kill();
  throw new Error('Orthanc does not answer');
}

const files = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => join(path, name));

const facts = (path: string) => {
  const { dataSet } = DicomFile.read(new Uint8Array(readFileSync(path)), path);
  const element = dataSet.element('pixels') ?? dataSet.element('floatPixels');
  const pixels = element ? dataSet.value(element) : new Uint8Array();
  const of = (name: 'studyUid' | 'sopInstance' | 'modality') => dataSet.string(name);
  return { study: of('studyUid'), instance: of('sopInstance'), modality: of('modality'), pixels: [...pixels].join() };
};

/** A segmentation of the series of a file in which nothing is marked. */
function emptySegmentation(path: string): Uint8Array {
  const file = DicomFile.read(new Uint8Array(readFileSync(path)), path);
  const { dataSet } = file;
  const { position, orientation, spacing } = file.place();
  const uid = (name: 'studyUid' | 'seriesUid' | 'sopInstance' | 'frameOfReference') => dataSet.string(name);
  const text = (values: readonly number[] | null) => (values ?? []).join('\\');
  const { rows, columns } = file.format;
  return encodeDicom([
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.66.4'],
    [0x00080018, 'UI', `${uid('sopInstance').slice(0, 40)}1`],
    [0x00080060, 'CS', 'SEG'],
    sequence(0x00081115, [[0x0020000e, 'UI', uid('seriesUid')]]),
    [0x00100010, 'PN', dataSet.label('patientName')],
    [0x00100020, 'LO', dataSet.label('patientId')],
    [0x0020000d, 'UI', uid('studyUid')],
    [0x0020000e, 'UI', `${uid('seriesUid').slice(0, 40)}1`],
    [0x00200052, 'UI', uid('frameOfReference')],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280008, 'IS', '1'],
    [0x00280010, 'US', [rows]],
    [0x00280011, 'US', [columns]],
    [0x00280100, 'US', [1]],
    [0x00280101, 'US', [1]],
    [0x00280102, 'US', [0]],
    [0x00280103, 'US', [0]],
    [0x00620001, 'CS', 'BINARY'],
    sequence(0x00620002, [[0x00620004, 'US', [1]]]),
    sequence(0x52009229, [
      sequence(0x00209116, [[0x00200037, 'DS', text(orientation)]]),
      sequence(0x00289110, [[0x00280030, 'DS', text(spacing)]]),
    ]),
    sequence(0x52009230, [sequence(0x00209113, [[0x00200032, 'DS', text(position)]])]),
    [0x7fe00010, 'OB', new Uint8Array(2 * Math.ceil((rows * columns) / 16))],
  ]);
}

async function roundTrip(root: string): Promise<void> {
  const data = join(folder, 'vol', 'Brain');
  const run = join(folder, 'run');
  await fusionclip(
    ...['phantom', '--out', join(folder, 'vol'), '--set', 'brain', '--volume', 'dicom'],
    ...['--valid', '4', '--test', '4', '--size', '48', '--depth', '8'],
  );
  const quick = ['--shots', '2', '--aug', 'none', '--size', '56', '--epochs', '1', '--map.files', 'none'];
  await fusionclip('train', '--data', data, '--model', 'tiny-clip', ...quick, '--out', run, '--force');

  // A patient with a lesion: slices and their segmentation.
  const all = files(join(data, 'test'));
  const { study } = facts(all.find((path) => facts(path).modality === 'SEG')!);
  const own = all.filter((path) => facts(path).study === study);
  const address = `dicomweb:${root}/studies/${study}`;

  delete process.env.DICOMWEB_TOKEN;
  const refused = await fusionclip('data', 'store', ...own, '--to', `dicomweb:${root}`);
  check('without a token: refused', refused.code !== 0 && /wants a token/.test(refused.err), refused);
  process.env.DICOMWEB_TOKEN = `Basic ${btoa(`tester:${PASSWORD}`)}`;

  const first = await fusionclip('data', 'store', ...own, '--to', `dicomweb:${root}`);
  check('store', first.out.includes(`${own.length} objects stored and found there`), first);
  const again = await fusionclip('data', 'store', ...own, '--to', `dicomweb:${root}`);
  check(
    'store again: nothing is sent twice',
    again.out.includes(`0 objects stored and found there, ${own.length}`),
    again,
  );
  const checked = await fusionclip('data', 'check', address);
  check(
    'data check finds the series and its lesions',
    /DICOM series .* [1-9]\d* slices? with lesions/.test(checked.out),
    checked,
  );

  const loose = await fusionclip('predict', ...own, '--run', run, '--out', join(folder, 'a'), '--json');
  const kinds = ['--write', 'nifti,pm,seg,sc,sr'];
  const found = await fusionclip(
    ...[
      'predict',
      address,
      '--run',
      run,
      '--out',
      join(folder, 'b'),
      '--json',
      ...kinds,
      '--store',
      `dicomweb:${root}`,
    ],
  );
  const scores = (text: string) => JSON.parse(text).images.map(({ score }: { score: number }) => score);
  check(
    'predict dicomweb: gives the scores of the files',
    JSON.stringify(scores(loose.out)) === JSON.stringify(scores(found.out)),
    [scores(loose.out), scores(found.out)],
  );
  const written = files(join(folder, 'b', 'volumes'));
  check('results are written', written.length === 4, written);
  check('results are stored', found.err.includes('4 objects stored and found there'), found.err);
  const resumed = await fusionclip('data', 'store', join(folder, 'b', 'volumes'), '--to', address);
  check('results: nothing is sent twice', resumed.out.includes('0 objects stored and found there, 4'), resumed);

  const back = join(folder, 'back');
  const fetched = await fusionclip('data', 'fetch', address, '--out', back);
  check('fetch', fetched.out.includes(`${own.length + 4} files fetched`), fetched);
  const known = new Map(files(back).map((path) => [facts(path).instance, facts(path)]));
  for (const path of [...own, ...written]) {
    const sent = facts(path);
    const name = path.slice(folder.length + 1);
    if (JSON.stringify(known.get(sent.instance)) !== JSON.stringify(sent)) check(`read back: ${name}`, false);
  }
  check(`read back: ${known.size} objects`, known.size === own.length + 4);
  const twice = await fusionclip('data', 'fetch', address, '--out', back);
  check('fetch again: nothing is fetched twice', twice.out.includes(`0 files fetched`), twice);
  // As an archive: planned by the server's own search, fetched by the worker.
  const plan = join(folder, 'plan');
  const planned = await fusionclip('plan', 'archive', `dicomweb:${root}/studies`, '--run', run, '--out', plan);
  check('plan archive dicomweb:', /^1 input /.test(planned.out), planned);
  delete process.env.DICOMWEB_TOKEN;
  const refusedWork = await fusionclip('work', plan);
  check('work without a token: tried again, no row of errors', refusedWork.code === 9, refusedWork);
  process.env.DICOMWEB_TOKEN = `Basic ${btoa(`tester:${PASSWORD}`)}`;
  const worked = await fusionclip('work', plan);
  const merged = await fusionclip('merge', plan);
  const rows = existsSync(join(plan, 'merged', 'results.csv'))
    ? readFileSync(join(plan, 'merged', 'results.csv'), 'utf8')
    : '';
  const { volumes } = JSON.parse(found.out);
  check('work and merge: the score of the study', rows.split('\n')[1]?.split(',')[3] === String(volumes[0].score), [
    worked,
    merged,
    rows,
  ]);

  // A page asks through its launcher, which has the token; the server does not allow pages to ask.
  if (existsSync(join(PACKED, '..', '..', 'dist', 'cli.js'))) {
    const page = ['predict', address, '--run', run, '--json', '--runtime', 'chrome'];
    // Without the driver that this process has been given, which Deno hands on to whoever it starts.
    const given = Object.keys(process.env).filter((name) => !(name in BEFORE) && name !== 'DICOMWEB_TOKEN');
    const command = [...given.flatMap((name) => ['-u', name]), 'node', PACKED, ...page];
    const { stdout, stderr } = spawnSync('env', command, { encoding: 'utf8' });
    const apart = (a: readonly number[], b: readonly number[]) =>
      a.length === b.length ? Math.max(...a.map((one, i) => Math.abs(one - b[i]))) : Number.NaN;
    check(
      'predict dicomweb: in Chrome, where the server wants a token: the same scores to 1e-3',
      apart(stdout ? scores(stdout) : [], scores(found.out)) < 1e-3,
      [stdout, stderr],
    );
    check('the token is in no line of it', !`${stdout}${stderr}`.includes(PASSWORD.slice(0, 8)));
  } else console.log('left out: Chrome, for which `npm run build` must have been run');

  const after = await fusionclip('predict', address, '--run', run, '--json');
  check('results there are no input', scores(after.out).length === scores(found.out).length);

  // All patients of the server as a training set: the healthy ones have a segmentation in which nothing is marked.
  const sick = new Set(
    files(data)
      .filter((path) => facts(path).modality === 'SEG')
      .map((path) => facts(path).study),
  );
  const healthy = new Map(
    files(data)
      .filter((path) => !sick.has(facts(path).study))
      .map((path) => [facts(path).study, path]),
  );
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  for (const [uid, path] of healthy) writeFileSync(join(empty, `${uid}.dcm`), emptySegmentation(path));
  const whole = await fusionclip('data', 'store', data, empty, '--to', `dicomweb:${root}`);
  check('store all patients', whole.code === 0, whole);
  const everybody = `dicomweb:${root}/studies?PatientID=*`;
  const webRun = join(folder, 'run-web');
  const trained = await fusionclip('train', '--data', everybody, '--model', 'tiny-clip', ...quick, '--out', webRun);
  check('train --data dicomweb:', trained.code === 0 && /by patient/.test(trained.out), trained);
  const config = readFileSync(join(webRun, 'config.json'), 'utf8');
  check(
    'prompts say nothing of the search, and the run does not keep it',
    !/PatientID|studies\?P/.test(config),
    config,
  );
  const unsaid = await fusionclip('eval', webRun);
  check('eval asks for the search', unsaid.code === 2 && /kept by no run/.test(unsaid.err), unsaid);
  const evaluated = await fusionclip('eval', webRun, '--data', everybody, '--json');
  const aurocs = [evaluated.out, readFileSync(join(webRun, 'results.json'), 'utf8')].map((text) => {
    const results = JSON.parse(text);
    return JSON.stringify((results.selected ?? results).image.auroc);
  });
  check('eval of that run fetches again and says the same', aurocs[0] === aurocs[1], aurocs);
  await filmsTrip({ root, folder, mrRun: run, fusionclip, check, files, facts });
}

if (!existsSync(PROGRAM) || !existsSync(PLUGIN)) {
  console.log('Orthanc is not installed: apt-get install orthanc orthanc-dicomweb');
  process.exit(2);
}
useDriver('deno');
const port = await freePort();
const server = await startOrthanc(port);
try {
  await roundTrip(`http://127.0.0.1:${port}/dicom-web`);
} finally {
  server.kill();
  await new Promise((resolve) => server.once('exit', resolve));
  if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true });
}
console.log(failed === 0 ? 'the round trip holds' : `${failed} differences`);
process.exit(failed === 0 ? 0 : 1);
