import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { extension, joinPath } from '../base/paths.ts';
import { findInputs } from '../data/layout/inputs.ts';
import { leftOutLine } from '../data/layout/left_out.ts';
import { patientOfId } from '../data/layout/patients.ts';
import { isDicom } from '../dicom/part10.ts';
import { isDicomWeb } from '../dicomweb/address.ts';
import type { Web } from '../hub/transfer.ts';
import { longSecretName } from '../volume/secret_name.ts';
import { isSingle } from '../volume/single_images.ts';
import { readSliceHeaders } from '../volume/slice_header.ts';
import { holdsVolumes } from '../volume/volume_files.ts';
import type { Input } from './input.ts';
import { LIST_EXTENSIONS, type ListColumns, readList } from './list_file.ts';
import { requireReadable } from './listed_address.ts';

/** What is to be listed, and how. */
export interface ListRequest {
  /** Folders, image and volume files, lists of paths and addresses. */
  readonly sources: readonly string[];
  readonly columns: ListColumns;
  /** Whom images are of, as `--group` of the data takes it, where a list does not say; null: nobody is known. */
  readonly group: string | null;
  /** Paths below it are listed without it. */
  readonly root: string | null;
  readonly say?: (text: string) => void;
  /** The network for a DICOMweb service's address, with its token; without it none is listed. */
  readonly webOf?: (root: string) => Web;
}

/** Whether volumes are to be scored: all sources that are folders or files of volumes, or none. */
export async function listsVolumes(fs: FileSystem, sources: readonly string[]): Promise<boolean> {
  const kinds: boolean[] = [];
  for (const source of sources) {
    if (isDicomWeb(source)) kinds.push(true);
    else if (LIST_EXTENSIONS.includes(extension(source)) || isAddress(source)) kinds.push(false);
    else kinds.push(isNifti(source) || (await holdsVolumes(fs, source)));
  }
  if (kinds.includes(true) && kinds.includes(false)) {
    throw new FusionclipError('usage', 'Volumes and pictures are listed together; make a plan for each.');
  }
  return kinds.includes(true);
}

/**
 * All inputs of the sources, block by block and not in order; one may come more than once.
 * @throws FusionclipError `io`, `bad_data`, `usage` as the readers of folders and lists
 */
export async function* listInputs(fs: FileSystem, request: ListRequest): AsyncGenerator<Input[]> {
  const { sources, columns, group, say } = request;
  const patientOf = patientOfId(group);
  const name = await rooted(fs, request.root);
  requireList(sources, columns);
  for (const source of sources) {
    if (!isDicomWeb(source)) requireReadable(source, 'An input');
    if (isDicomWeb(source)) yield await studiesAt(fs, source, request);
    else if (isAddress(source)) yield [{ path: source, patient: patientOf(source) ?? '', images: 1 }];
    else if (LIST_EXTENSIONS.includes(extension(source))) {
      for await (const lines of readList(fs, source, columns)) {
        const block: Input[] = [];
        for (const { path, patient } of lines) {
          if (isDicomWeb(path)) {
            const text = `${source} lists dicomweb: addresses, which are volumes; name them in place of the list, or search for them.`;
            throw new FusionclipError('usage', text);
          }
          block.push({ path: name(path), patient: patient ?? patientOf(path) ?? '', images: 1 });
        }
        yield block;
      }
    } else if (await holdsVolumes(fs, source)) yield* volumesBelow(fs, source, request, name);
    else if (isNifti(source)) yield [{ path: name(source), patient: patientOf(source) ?? '', images: 1 }];
    else {
      const { images, leftOut } = await findInputs(fs, [source]);
      for (const one of leftOut) say?.(`left out: ${leftOutLine(one)}`);
      for (let at = 0; at < images.length; at += 10_000) {
        const block = images.slice(at, at + 10_000);
        yield block.map((path) => ({ path: name(path), patient: patientOf(path) ?? '', images: 1 }));
      }
    }
  }
}

/** @throws FusionclipError `usage` where a column is named, and nothing has one */
function requireList(sources: readonly string[], columns: ListColumns): void {
  const flag = (['path', 'patient'] as const).find((one) => columns[one] !== null);
  if (!flag || sources.some((source) => LIST_EXTENSIONS.includes(extension(source)))) return;
  throw new FusionclipError('usage', `--${flag} names a column of a list, and none is given; leave it out.`);
}

/** The studies at an address: each is an input, of the patient that the server names. */
async function studiesAt(fs: FileSystem, source: string, { group, webOf }: ListRequest): Promise<Input[]> {
  if (group !== null) {
    throw new FusionclipError(
      'usage',
      '--group goes by paths; whose its studies are a DICOMweb server says: leave it out.',
    );
  }
  if (!webOf)
    throw new FusionclipError('usage', 'A DICOMweb address is planned in Deno or Node; choose one with --runtime.');
  const { parseDicomWeb } = await import('../dicomweb/address.ts');
  const { DicomWebServer } = await import('../dicomweb/server.ts');
  const address = parseDicomWeb(source);
  const below = address.series ? `/series/${address.series}` : '';
  const inputs: Input[] = [];
  for (const { study, patientId, objects } of await new DicomWebServer(webOf(address.root)).studies(address)) {
    const patient = patientId === '' ? '' : await longSecretName(fs, patientId);
    const path = `dicomweb:${address.root}/studies/${study}${below}`;
    inputs.push({ path, patient, images: Math.max(1, objects) });
  }
  return inputs;
}

/** Each folder that holds DICOM files itself, with all below it, each file of single images, and each NIfTI file. */
async function* volumesBelow(
  fs: FileSystem,
  folder: string,
  request: ListRequest,
  name: (path: string) => string,
): AsyncGenerator<Input[]> {
  const { group } = request;
  const entries = (await fs.list(folder)).filter((entry) => !entry.name.startsWith('.'));
  const files = entries.filter(({ kind }) => kind === 'file').map((entry) => joinPath(folder, entry.name));
  const patientOf = patientOfId(group);
  for (const path of files.filter(isNifti)) {
    yield [{ path: name(path), patient: (group && patientOf(path)) || '', images: 1 }];
  }
  const others = files.filter((path) => !isNifti(path));
  for (const path of others) {
    if (!isDicom(await fs.readRange(path, 0, 256))) continue;
    const header = (await readSliceHeaders(fs, path))?.[0];
    const number = header?.patientId;
    const patient = (group ? patientOf(path) : number ? await longSecretName(fs, number) : null) ?? '';
    if (header && isSingle(header)) {
      yield [{ path: name(path), patient, images: header.frames }];
      continue;
    }
    yield [{ path: name(folder), patient, images: await filesBelow(fs, folder) }];
    return;
  }
  for (const entry of entries) {
    if (entry.kind === 'directory' && !entry.link) yield* volumesBelow(fs, joinPath(folder, entry.name), request, name);
  }
}

async function filesBelow(fs: FileSystem, folder: string): Promise<number> {
  let count = 0;
  for (const { name, kind, link } of await fs.list(folder)) {
    if (kind === 'file') count++;
    else if (kind === 'directory' && !link) count += await filesBelow(fs, joinPath(folder, name));
  }
  return count;
}

/** Paths as a plan has them: from the root of the disk, or below `root`. Addresses stay. */
export async function rooted(fs: FileSystem, root: string | null): Promise<(path: string) => string> {
  const whole = async (path: string) => (fs.absolutePath ? fs.absolutePath(path) : path);
  const here = fs.absolutePath ? await fs.absolutePath('.') : '';
  const start = root === null ? null : `${(await whole(root)).replace(/\/+$/, '')}/`;
  // Elsewhere it is a letter of a name.
  const isWindows = /^[A-Za-z]:/.test(here);
  return (path) => {
    if (isAddress(path) || isDicomWeb(path)) return path;
    const plain = isWindows ? path.replaceAll('\\', '/') : path;
    const isWhole = here === '' || /^(\/|[A-Za-z]:)/.test(plain);
    const full = isWhole && !/\/\.{0,2}(\/|$)/.test(plain) ? path : normal(isWhole ? plain : `${here}/${plain}`);
    return start !== null && full.startsWith(start) ? full.slice(start.length) : full;
  };
}

/** A whole path without `.`, `..` and doubled slashes, so that a file has one name. */
function normal(path: string): string {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') out.pop();
    else if (part !== '.' && part !== '') out.push(part);
  }
  return `${path.startsWith('/') ? '/' : ''}${out.join('/')}`;
}

/** Whether a path is an address of the web. */
export function isAddress(path: string): boolean {
  return /^https?:\/\//.test(path);
}

/** Whether a path is the same from every folder: an address, or one from the root of a disk. */
export function isWhole(path: string): boolean {
  return isAddress(path) || isDicomWeb(path) || /^([/\\]|[A-Za-z]:)/.test(path);
}

function isNifti(path: string): boolean {
  return /\.(nii|hdr)(\.gz)?$/i.test(path);
}
