import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { Deidentifier } from '../dicom/deidentify.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { isDicom } from '../dicom/part10.ts';
import { filesBelow } from './collect.ts';
import { calledFile } from './secret_name.ts';

/** What was copied without names. */
export interface DeidentifiedFolder {
  readonly files: number;
  readonly patients: number;
  readonly series: number;
  /** What whoever passes the copies on must know, and what was left out. */
  readonly notes: readonly string[];
}

/** How it is done. */
export interface DeidentifyOptions {
  /** Equal salts give equal identifiers; a new one by default, so that nobody can link the copies to the files. */
  readonly salt?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes copies of all DICOM pictures below a folder by the Basic Profile of PS3.15, as `OUT/PATIENT/study-1/series-1/0001.dcm`: names of
 * folders and files are new too. Objects without pixels (reports, documents) are left out, since their text may hold names; so are
 * files that cannot be read and those that are no DICOM. Pixels are not searched.
 * @throws FusionclipError `usage` where `out` is there already or lies within the folder, `bad_data` where there is nothing to copy, `io`
 */
export async function deidentifyFolder(
  fs: FileSystem,
  root: string,
  out: string,
  { salt = crypto.randomUUID(), onProgress }: DeidentifyOptions = {},
): Promise<DeidentifiedFolder> {
  if (await fs.stat(out)) {
    throw new FusionclipError('usage', `${out} is there already; give a new folder for the copies without names.`);
  }
  if (await liesWithin(fs, out, root)) {
    const why = `${out} lies within the folder that is copied, where copies and files would be mixed`;
    throw new FusionclipError('usage', `${why}; give a new folder elsewhere.`);
  }
  const paths = await filesBelow(fs, root);
  const names = new Deidentifier(salt);
  const places = new Places();
  const left = { others: 0, pixelless: 0, damaged: [] as string[] };
  const burned = { yes: [] as string[], unsaid: 0, unsearched: [] as string[] };
  let files = 0;
  for (const [i, path] of paths.entries()) {
    onProgress?.(i, paths.length);
    if (!isDicom(await fs.readRange(path, 0, 256))) {
      left.others++;
      continue;
    }
    try {
      const file = DicomFile.read(await fs.readFile(path), 'a file');
      if (!file.hasPixels) {
        left.pixelless++;
        continue;
      }
      const copy = await names.copy(file);
      const place = places.of(copy.patient, copy.study, copy.series);
      await fs.writeFile(joinPath(out, place), copy.bytes);
      files++;
      if (copy.unsearched) burned.unsearched.push(place);
      if (copy.burnedIn === 'YES') burned.yes.push(place);
      else if (copy.burnedIn === '') burned.unsaid++;
    } catch (error) {
      if (error instanceof FusionclipError && error.code === 'io') throw error;
      left.damaged.push(await calledFile(fs, path));
    }
  }
  if (files === 0) throw new FusionclipError('bad_data', `${root} holds no DICOM picture; give another folder.`);
  return { files, patients: places.patients, series: places.series, notes: notesOf(left, burned) };
}

function notesOf(
  left: { readonly others: number; readonly pixelless: number; readonly damaged: readonly string[] },
  burned: { readonly yes: readonly string[]; readonly unsaid: number; readonly unsearched: readonly string[] },
): string[] {
  const notes = ['pixels were not searched: text or a face in them stays as it is'];
  for (const [paths, what] of [
    [burned.yes, 'may show who the patient is (burned-in annotation)'],
    [burned.unsearched, 'may hold comments in packed pictures, which are of a kind that was not searched'],
  ] as const) {
    if (paths.length > 0) notes.push(`warning: ${counted(paths.length, 'file')} ${what}: ${some(paths)}`);
  }
  if (burned.unsaid > 0)
    notes.push(`${counted(burned.unsaid, 'file')} do not say whether text is burned into the picture`);
  if (left.pixelless > 0)
    notes.push(`left out: ${counted(left.pixelless, 'object')} without pixels, whose text may hold names`);
  if (left.damaged.length > 0) {
    const which = `${some(left.damaged)} (data check --names says which)`;
    notes.push(`left out: ${counted(left.damaged.length, 'DICOM file')} that cannot be read: ${which}`);
  }
  if (left.others > 0) notes.push(`left out: ${counted(left.others, 'file')} that are no DICOM`);
  return notes;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

/** Whether a path that is not there yet would lie below a folder. */
async function liesWithin(fs: FileSystem, path: string, folder: string): Promise<boolean> {
  const whole = async (one: string) => joinPath((await fs.absolutePath?.(one)) ?? one, '/');
  return (await whole(path)).startsWith(await whole(folder));
}

/** Where copies lie: numbers in place of identifiers. */
class Places {
  readonly #studies = new Map<string, Map<string, number>>();
  readonly #series = new Map<string, Map<string, number>>();
  readonly #counts = new Map<string, number>();

  get patients(): number {
    return this.#studies.size;
  }

  get series(): number {
    return this.#counts.size;
  }

  of(patient: string, study: string, series: string): string {
    const folder = joinPath(
      patient,
      `study-${numberOf(this.#studies, patient, study)}`,
      `series-${numberOf(this.#series, study, series)}`,
    );
    const count = (this.#counts.get(folder) ?? 0) + 1;
    this.#counts.set(folder, count);
    return joinPath(folder, `${String(count).padStart(4, '0')}.dcm`);
  }
}

function numberOf(known: Map<string, Map<string, number>>, owner: string, key: string): number {
  const own = known.get(owner) ?? new Map<string, number>();
  known.set(owner, own);
  const number = own.get(key) ?? own.size + 1;
  own.set(key, number);
  return number;
}
