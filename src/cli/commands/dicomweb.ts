import { FusionclipError } from '../../base/errors.ts';
import type { OptionTable } from '../../base/option.ts';
import { parseDicomWeb } from '../../dicomweb/address.ts';
import { fetchCopies } from '../../dicomweb/fetch_copies.ts';
import { dicomWebOf, storeWebOf } from '../../dicomweb/network.ts';
import { DicomWebServer } from '../../dicomweb/server.ts';
import { type StoredObjects, storeObjects } from '../../dicomweb/store.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import { dicomFilesBelow } from '../../volume/collect.ts';
import { withSecretNames } from '../../volume/secret_name.ts';
import { type Call, type Command, exactly, flagValues, need, word } from '../command.ts';
import { Reporter } from '../reporter.ts';

const TO = {
  to: word('dicomweb:URL', 'the service, or a study of it'),
} satisfies OptionTable;

const OUT = {
  out: word('DIR', 'the folder for the files'),
} satisfies OptionTable;

const TOKEN = `The token is read from the environment, DICOMWEB_TOKEN: sent as "Bearer TOKEN", or as it
is where it has two words ("Basic …"). Plain http is taken for this machine alone.`;

/** `fusionclip data store` */
export const dataStore: Command = {
  name: ['data', 'store'],
  summary: 'stores DICOM files on a DICOMweb server, and looks whether they are there',
  usage: 'PATH… --to dicomweb:URL',
  examples: [
    'fusionclip data store maps/volumes --to dicomweb:https://pacs.example/dicom-web',
    'fusionclip data store seg.dcm --to dicomweb:https://pacs.example/dicom-web/studies/1.2.3',
  ],
  details: `What is there already is not sent again, so that the same command goes on where it was broken off.
${TOKEN}`,
  flags: [{ title: 'Server', table: TO }],
  async run(call) {
    const { host, positional } = call;
    const { to } = flagValues(TO, call);
    const address = need(to, 'to', 'the address of the server, dicomweb:https://SERVER/ROOT');
    if (positional.length === 0) {
      throw new FusionclipError('usage', 'No file is given: fusionclip data store PATH… --to dicomweb:URL.');
    }
    host.stdout(storedLine(await storePaths(call, positional, address, []), address));
    return 0;
  },
};

/** `fusionclip data fetch` */
export const dataFetch: Command = {
  name: ['data', 'fetch'],
  summary: 'copies the DICOM files of a study from a DICOMweb server into a folder',
  usage: 'dicomweb:URL --out DIR',
  examples: [
    'fusionclip data fetch dicomweb:https://pacs.example/dicom-web/studies/1.2.3 --out study',
    'fusionclip data fetch "dicomweb:https://pacs.example/rs/studies?PatientID=7" --out studies',
  ],
  details: `The files are as the server has them, with names of patients. Those that are there already are
not fetched again, so that the same command goes on where it was broken off. predict, train and data check take the
address itself and write no such files.
${TOKEN}`,
  flags: [{ title: 'Files', table: OUT }],
  async run(call) {
    const { host, positional } = call;
    exactly(1, call, 'fusionclip data fetch dicomweb:URL --out DIR');
    const folder = need(flagValues(OUT, call).out, 'out', 'the folder for the files');
    await requireNoRun(call.host, folder);
    const address = parseDicomWeb(positional[0]);
    const reporter = new Reporter(host);
    const server = new DicomWebServer(dicomWebOf(host)(address.root));
    const { fetched, there } = await fetchCopies(host, server, address, folder, (done, total) => {
      if (host.isTerminal) reporter.listen({ type: 'stage', what: 'files', done, total });
    });
    reporter.clear();
    host.stdout(`${folder}: ${fetched} files fetched from ${server.host}${there > 0 ? `, ${there} were there` : ''}\n`);
    return 0;
  },
};

/** Stores the DICOM files at some paths. @param sources addresses that images came from */
export async function storePaths(
  { host }: Call,
  paths: readonly string[],
  to: string,
  sources: readonly string[],
): Promise<StoredObjects> {
  const address = parseDicomWeb(to);
  const files: string[] = [];
  const fs = withSecretNames(host, paths);
  for (const path of paths) files.push(...(await dicomFilesBelow(fs, path)));
  if (files.length === 0)
    throw new FusionclipError('bad_data', `${paths.join(', ')}: there is no DICOM file to store.`);
  const reporter = new Reporter(host);
  const roots = sources.map((source) => parseDicomWeb(source).root);
  const server = new DicomWebServer(storeWebOf(host, roots)(address.root));
  const stored = await storeObjects(fs, server, address, files, (done, total) => {
    if (host.isTerminal) reporter.listen({ type: 'stage', what: 'objects', done, total });
  });
  reporter.clear();
  return stored;
}

/** What was stored, for people. */
export function storedLine({ stored, there }: StoredObjects, to: string): string {
  const { host } = new URL(parseDicomWeb(to).root);
  return `${host}: ${stored} objects stored and found there${there > 0 ? `, ${there} were there already` : ''}\n`;
}
