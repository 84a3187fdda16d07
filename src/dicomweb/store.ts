import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { secretFile } from '../volume/secret_name.ts';
import type { DicomWebAddress } from './address.ts';
import type { DicomWebServer } from './server.ts';

/** What has become of files that were to be stored. */
export interface StoredObjects {
  /** Sent, and found there afterwards. */
  readonly stored: number;
  /** There already. */
  readonly there: number;
}

/** How often is looked for an object that the server says it has taken. */
const LOOKS = 5;

/**
 * Stores DICOM files on a server, one after the other. What is there already is not sent again; what was sent is fetched back: some servers
 * say that they have stored what they have not.
 * @throws FusionclipError `io` for what is refused or not there afterwards; `bad_data` for a file of another study than the address names;
 * `bad_image` for one that is no DICOM
 */
export async function storeObjects(
  fs: FileSystem,
  server: DicomWebServer,
  { study }: Pick<DicomWebAddress, 'study'>,
  paths: readonly string[],
  onProgress: (done: number, total: number) => void = () => {},
): Promise<StoredObjects> {
  const count = { stored: 0, there: 0 };
  for (const [i, path] of paths.entries()) {
    onProgress(i, paths.length);
    const what = `object ${i + 1} of ${paths.length}`;
    const bytes = await fs.readFile(path);
    const called = await secretFile(fs, path);
    const file = DicomFile.read(bytes, called);
    const place = file.facts((dataSet) => ({
      study: dataSet.string('studyUid'),
      series: dataSet.string('seriesUid'),
      instance: dataSet.string('sopInstance'),
    }));
    if (study !== null && place.study !== study) {
      throw new FusionclipError(
        'bad_data',
        `${called} is of another study than the address names; store it elsewhere.`,
      );
    }
    const isThere = async () => {
      const found = await server.fetch(place, what);
      return found !== null && samePixels(file, DicomFile.read(found, what));
    };
    if (await isThere()) {
      count.there++;
      continue;
    }
    await server.send(bytes, study, what);
    let found = await isThere();
    // Some take their time.
    for (let look = 1; !found && look < LOOKS; look++) {
      await server.pause(look);
      found = await isThere();
    }
    if (!found) {
      throw new FusionclipError(
        'io',
        `${server.host} says that it has stored ${what}, and does not have it; ask who runs it, then: fusionclip data store.`,
      );
    }
    count.stored++;
  }
  return count;
}

/** Whether the pixels that came back are those that were sent; a server may have compressed them, which cannot be told. */
function samePixels(sent: DicomFile, found: DicomFile): boolean {
  if (sent.syntax.uid !== found.syntax.uid) return true;
  return (['pixels', 'floatPixels', 'doublePixels'] as const).every((name) => {
    const [one, other] = [sent, found].map(({ dataSet }) => {
      const element = dataSet.element(name);
      return element ? dataSet.value(element) : new Uint8Array();
    });
    return one.length === other.length && one.every((byte, i) => byte === other[i]);
  });
}
